#include "broker/link/session.h"

#include <algorithm>
#include <utility>

namespace eris::link {
namespace {

// A broker that asks for less would be served all the same.
constexpr Duration kMinHeartbeat{100};

}  // namespace

std::string_view ToString(SessionState state) {
  switch (state) {
    case SessionState::kDown:
      return "down";
    case SessionState::kGreeting:
      return "greeting";
    case SessionState::kEstablished:
      return "established";
    case SessionState::kDismissed:
      return "dismissed";
    case SessionState::kEnded:
      return "ended";
  }
  return "unknown";
}

std::string_view ToString(LossReason reason) {
  switch (reason) {
    case LossReason::kLink:
      return "connection lost";
    case LossReason::kSilence:
      return "broker silent";
    case LossReason::kForgotten:
      return "broker does not know the session";
    case LossReason::kBye:
      return "dismissed by the broker";
  }
  return "unknown";
}

Duration ClientSession::Heartbeat() const {
  return std::max(Duration(welcome_.heartbeat_ms), kMinHeartbeat);
}

std::optional<SteadyTime> ClientSession::Deadline() const {
  switch (state_) {
    case SessionState::kDown:
    case SessionState::kEnded:
      return std::nullopt;
    case SessionState::kGreeting:
    case SessionState::kEstablished:
    case SessionState::kDismissed:
      break;
  }
  return next_;
}

std::vector<SessionEffect> ClientSession::TakeEffects() { return std::exchange(effects_, {}); }

void ClientSession::Greet(SteadyTime now) {
  state_ = SessionState::kGreeting;
  ++hellos_;
  next_ = now + options_.hello_interval;
  effects_.emplace_back(SayHello{});
}

void ClientSession::Lose(Lost lost) {
  if (established()) effects_.emplace_back(std::move(lost));
  state_ = SessionState::kDown;
  hellos_ = 0;
}

void ClientSession::OnLink(LinkEvent event, SteadyTime now) {
  if (state_ == SessionState::kEnded) return;
  Lose({.reason = LossReason::kLink, .bye = {}});
  if (event == LinkEvent::kUp) Greet(now);
}

void ClientSession::OnWhoAreYou(SteadyTime now) {
  // While a hello is under way the question is about what was sent before it; a hello that got lost
  // is repeated in time.
  if (!established()) return;
  Lose({.reason = LossReason::kForgotten, .bye = {}});
  Greet(now);
}

void ClientSession::OnWelcome(const Welcome& welcome, SteadyTime now) {
  if (state_ != SessionState::kGreeting && !established()) return;
  auto boot = Established::Boot::kFirst;
  if (welcomed_) {
    boot = welcome.boot == welcome_.boot ? Established::Boot::kSame : Established::Boot::kNew;
  }
  welcome_ = welcome;
  welcomed_ = true;
  state_ = SessionState::kEstablished;
  hellos_ = 0;
  pause_ = Duration::zero();
  heard_ = now;
  next_ = now + Heartbeat();
  effects_.emplace_back(Established{welcome, boot});
}

void ClientSession::OnBye(const Bye& bye, SteadyTime now) {
  if (state_ == SessionState::kEnded || state_ == SessionState::kDown) return;
  if (bye.reason == ByeReason::kSuperseded) {
    state_ = SessionState::kEnded;
    effects_.emplace_back(Ended{bye});
    return;
  }
  // Told also when a hello was answered by it: the client learns why it gets no session.
  if (state_ != SessionState::kDismissed) effects_.emplace_back(Lost{LossReason::kBye, bye});
  state_ = SessionState::kDismissed;
  hellos_ = 0;
  pause_ = std::clamp(pause_ * 2, options_.pause_min, options_.pause_max);
  next_ = now + pause_;
}

void ClientSession::OnHeard(SteadyTime now) { heard_ = now; }

void ClientSession::OnTime(SteadyTime now) {
  const std::optional<SteadyTime> deadline = Deadline();
  if (!deadline || now < *deadline) return;
  if (established()) {
    const auto missed = std::max<std::uint32_t>(welcome_.missed_heartbeats, 1);
    if (now - heard_ < Heartbeat() * missed) {
      next_ = now + Heartbeat();
      effects_.emplace_back(SayHeartbeat{});
      return;
    }
    Lose({.reason = LossReason::kSilence, .bye = {}});
    effects_.emplace_back(Redial{});
  } else if (hellos_ < options_.max_hellos) {
    Greet(now);
  } else {
    Lose({});
    effects_.emplace_back(Redial{});
  }
}

}  // namespace eris::link
