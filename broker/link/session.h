// The client's side of a session with the broker, as worker, planner and CLI all keep it: who says
// hello when, when the broker counts as lost, which goodbye is final. Pure: events and the time
// come in, effects go out. It sends nothing, decodes nothing and does not know what a client does
// with its session.
//
//            link up                    welcome
//   kDown ───────────▶ kGreeting ───────────────▶ kEstablished
//     ▲  ◀── silence ──┘   ▲   ◀── whoAreYou ──────┘  │ silence, link lost
//     └────────────────────┼──────────────────────────┘
//             after a pause│          bye
//                      kDismissed ◀──────── any     bye(superseded): kEnded, for ever
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/link/transport.h"
#include "schema/base/clock.h"
#include "schema/values/message.h"

namespace eris::link {

struct SessionOptions {
  Duration hello_interval{5'000};  // hello is repeated while no welcome comes
  int max_hellos = 3;              // then the connection is made anew
  Duration pause_min{1'000};       // after a bye; doubled at each, until a welcome
  Duration pause_max{30'000};
};

enum class SessionState : std::uint8_t { kDown, kGreeting, kEstablished, kDismissed, kEnded };
std::string_view ToString(SessionState state);

// ---- effects ----

// Send hello, made now: what is in flight changes.
struct SayHello {
  bool operator==(const SayHello&) const = default;
};
// Send heartbeat: it renews every lease of this session.
struct SayHeartbeat {
  bool operator==(const SayHeartbeat&) const = default;
};
// Resend at once whatever is unacknowledged. Comes with every welcome, also within a session.
struct Established {
  Welcome welcome;
  enum class Boot : std::uint8_t {
    kFirst,  // of this process
    kSame,   // the broker still knows what it was given
    kNew,    // the broker has forgotten every item
  } boot = Boot::kFirst;
  bool operator==(const Established&) const = default;
};
enum class LossReason : std::uint8_t { kLink, kSilence, kForgotten, kBye };
std::string_view ToString(LossReason reason);
// The session is over, another one will come; it renews no lease meanwhile. For log and people.
struct Lost {
  LossReason reason = LossReason::kLink;
  Bye bye;  // kBye
  bool operator==(const Lost&) const = default;
};
// Call ClientTransport::Reconnect.
struct Redial {
  bool operator==(const Redial&) const = default;
};
// Final: another instance serves in this one's place. Stop, with the exit status for that.
struct Ended {
  Bye bye;
  bool operator==(const Ended&) const = default;
};
using SessionEffect = std::variant<SayHello, SayHeartbeat, Established, Lost, Redial, Ended>;

// Owned by the shell of a client. The shell hands in what happens, performs TakeEffects() in order
// after each event (or at the turn's end), and keeps one timer at Deadline(), whose firing is
// OnTime.
//
// Invariants: (1) Established only after a SayHello on the living link; (2) in kEstablished a
// heartbeat goes out every interval of the welcome, and silence of `missed_heartbeats` intervals
// ends the session; (3) in every state but kDown and kEnded a deadline is set, so nothing waits for
// ever (kDown waits for the transport, which dials for ever); (4) after Ended nothing comes.
class ClientSession {
 public:
  explicit ClientSession(SessionOptions options = {}) : options_(options) {}

  void OnLink(LinkEvent event, SteadyTime now);
  void OnWhoAreYou(SteadyTime now);
  void OnWelcome(const Welcome& welcome, SteadyTime now);
  void OnBye(const Bye& bye, SteadyTime now);
  // Any frame of the broker, whatever it holds; before its messages are handed in.
  void OnHeard(SteadyTime now);
  void OnTime(SteadyTime now);

  std::optional<SteadyTime> Deadline() const;
  std::vector<SessionEffect> TakeEffects();

  SessionState state() const { return state_; }
  bool established() const { return state_ == SessionState::kEstablished; }
  // The last welcome; before the first one, defaults.
  const Welcome& welcome() const { return welcome_; }

 private:
  void Greet(SteadyTime now);
  void Lose(Lost lost);
  Duration Heartbeat() const;

  SessionOptions options_;
  SessionState state_ = SessionState::kDown;
  std::vector<SessionEffect> effects_;
  Welcome welcome_;
  bool welcomed_ = false;  // ever
  int hellos_ = 0;         // on this connection since the last welcome
  SteadyTime next_;        // hello, heartbeat or end of the pause, by state
  SteadyTime heard_;       // last sign of life
  Duration pause_{0};      // the last one; 0 after a welcome
};

}  // namespace eris::link
