#include "broker/link/loop.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "schema/base/check.h"

namespace eris::link {
namespace {

// The longest sleep without a timer; only a bound for the arithmetic, nothing depends on waking up.
constexpr Duration kLongSleep{60'000};
// Descriptors handled a turn; the others stay ready and come next.
constexpr int kMaxEvents = 64;

std::uint32_t EpollBits(Interest interest) {
  switch (interest) {
    case Interest::kRead:
      return EPOLLIN;
    case Interest::kWrite:
      return EPOLLOUT;
    case Interest::kReadWrite:
      return EPOLLIN | EPOLLOUT;
  }
  return EPOLLIN;
}

std::string Why(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

Status Register(int epoll_fd, int fd, std::uint32_t bits, std::uint64_t mark) {
  epoll_event event{};
  event.events = bits;
  event.data.u64 = mark;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) return {};
  const auto code = errno == EPERM || errno == EBADF ? ErrorCode::kInvalid : ErrorCode::kInternal;
  return Fail(code, Why("cannot wait for a file descriptor"));
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::Open(Clock& clock) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return Fail(ErrorCode::kInternal, Why("cannot create the event loop"));
  return std::unique_ptr<Loop>(new Loop(clock, epoll_fd));
}

Loop::Loop(Clock& clock, int epoll_fd) : clock_(clock), epoll_fd_(epoll_fd), now_(clock.Read()) {}

Loop::~Loop() {
  if (signal_fd_ >= 0) close(signal_fd_);
  close(epoll_fd_);
}

TimerId Loop::At(SteadyTime when, Callback callback) {
  const TimerId id{when, next_number_++};
  timers_.emplace(id, std::move(callback));
  return id;
}

void Loop::Cancel(TimerId timer) { timers_.erase(timer); }

Result<WatchId> Loop::Watch(int fd, Interest interest, WatchCallback callback) {
  const std::uint64_t number = next_number_++;
  ERIS_TRY(Register(epoll_fd_, fd, EpollBits(interest), number));
  watches_.emplace(number, std::make_unique<WatchEntry>(WatchEntry{fd, std::move(callback)}));
  return WatchId{number};
}

void Loop::Unwatch(WatchId watch) {
  const auto found = watches_.find(static_cast<std::uint64_t>(watch));
  if (found == watches_.end()) return;
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, found->second->fd, nullptr);
  retired_.push_back(std::move(found->second));
  watches_.erase(found);
}

Status Loop::OnSignals(std::initializer_list<int> signals, SignalCallback callback) {
  ERIS_CHECK(signal_fd_ < 0, "signals are routed once");
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) {
    return Fail(ErrorCode::kInternal, "cannot block signals");
  }
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd_ < 0) return Fail(ErrorCode::kInternal, Why("cannot receive signals"));
  on_signal_ = std::move(callback);
  ERIS_TRY(Watch(signal_fd_, Interest::kRead, [this](Readiness) { ReadSignals(); }));
  return {};
}

void Loop::ReadSignals() {
  signalfd_siginfo info;
  while (read(signal_fd_, &info, sizeof info) == ssize_t{sizeof info}) {
    on_signal_(static_cast<int>(info.ssi_signo));
  }
}

Status Loop::AddSource(LoopSource& source) {
  const std::uint64_t number = next_number_++;
  ERIS_TRY(Register(epoll_fd_, source.fd(), EPOLLIN, number));
  sources_.push_back({number, &source, false});
  return {};
}

void Loop::RemoveSource(LoopSource& source) {
  for (SourceEntry& entry : sources_) {
    if (entry.source != &source) continue;
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, source.fd(), nullptr);
    entry.source = nullptr;
  }
}

void Loop::OnTurnEnd(Callback callback) { turn_end_.push_back(std::move(callback)); }

void Loop::Run() {
  stopped_ = false;
  while (!stopped_) Turn(kLongSleep);
}

void Loop::Turn(Duration max_wait) {
  std::array<epoll_event, kMaxEvents> events;
  const int wait_ms = static_cast<int>(WaitTime(max_wait).count());
  const int count = epoll_wait(epoll_fd_, events.data(), kMaxEvents, wait_ms);
  ERIS_CHECK(count >= 0 || errno == EINTR, "epoll_wait on our own descriptor");
  now_ = clock_.Read();
  FireTimers();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Dispatch(event.data.u64, event.events);
  }
  WorkSources();
  // By index: a hook may register another one, which then runs from this turn on.
  for (std::size_t i = 0; i < turn_end_.size(); ++i) turn_end_[i]();
  retired_.clear();
}

Duration Loop::WaitTime(Duration max_wait) {
  for (const SourceEntry& entry : sources_) {
    if (entry.source != nullptr && entry.source->Ready()) return Duration::zero();
  }
  Duration wait = std::min(max_wait, kLongSleep);
  if (!timers_.empty()) wait = std::min(wait, timers_.begin()->first.when - clock_.Read().steady);
  return std::max(wait, Duration::zero());
}

void Loop::FireTimers() {
  const std::uint64_t first_new = next_number_;
  auto next = timers_.begin();
  while (next != timers_.end() && next->first.when <= now_.steady) {
    if (next->first.number >= first_new) {
      ++next;
      continue;
    }
    const auto fired = timers_.extract(next);
    fired.mapped()();
    // The callback may have added and cancelled any timer; those that must wait are few.
    next = timers_.begin();
  }
}

void Loop::Dispatch(std::uint64_t number, std::uint32_t events) {
  const auto found = watches_.find(number);
  if (found != watches_.end()) {
    found->second->callback(Readiness{.readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0,
                                      .writable = (events & (EPOLLOUT | EPOLLERR)) != 0});
    return;
  }
  // A source, or what was unwatched earlier in this turn.
  for (SourceEntry& entry : sources_) {
    if (entry.number == number) entry.signalled = true;
  }
}

void Loop::WorkSources() {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    SourceEntry& entry = sources_[i];
    if (entry.source == nullptr) continue;
    if (std::exchange(entry.signalled, false) || entry.source->Ready()) entry.source->Work();
  }
  std::erase_if(sources_, [](const SourceEntry& entry) { return entry.source == nullptr; });
}

}  // namespace eris::link
