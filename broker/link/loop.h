// The event loop of a process: it decides when which handler runs, and nothing else.
//
// A turn: wait (until a file descriptor, a source or a timer is due) → read the clock once → timers
// → file descriptors → sources (ZeroMQ sockets; bounded work each) → the turn-end hooks. A daemon
// collects what its handlers decide, and in its turn-end hook appends and syncs once, then sends:
// group commit.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"

namespace eris::link {

// Something that does its own reading and whose descriptor says only that a look is worth while, as
// ZMQ_FD does (it is edge-triggered, and sending may swallow its edge). Therefore the loop asks
// Ready() before it sleeps, too. Borrowed by the loop until RemoveSource.
class LoopSource {
 public:
  virtual ~LoopSource() = default;
  virtual int fd() const = 0;
  // True when Work() would do something now. Cheap: asked twice a turn.
  virtual bool Ready() = 0;
  // Called when Ready() or when the descriptor is readable. Does a bounded amount of work; what is
  // left makes Ready() true and waits for the next turn.
  virtual void Work() = 0;
};

struct TimerId {
  SteadyTime when;
  std::uint64_t number = 0;  // 0 names no timer
  auto operator<=>(const TimerId&) const = default;
};

enum class WatchId : std::uint64_t { kNone = 0 };
enum class Interest : std::uint8_t { kRead, kWrite, kReadWrite };

struct Readiness {
  bool readable = false;  // also: the other end hung up, or an error waits to be read
  bool writable = false;
};

// One thread, one loop: main owns it, constructs it first and destroys it last, and every method is
// called from that thread. Handlers never block; they may add and remove timers, watches and
// sources, their own too.
//
// Invariants: (1) timers that are due fire in order of their moment, then of creation; (2) a timer
// set while a turn runs fires in a later turn; (3) a cancelled timer or watch never fires again,
// not even in this turn; (4) the turn-end hooks run once in every turn, in order of registration.
class Loop {
 public:
  using Callback = std::function<void()>;
  using WatchCallback = std::function<void(Readiness)>;
  using SignalCallback = std::function<void(int signal)>;

  static Result<std::unique_ptr<Loop>> Open(Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The clocks as read at the start of this turn.
  const Now& now() const { return now_; }

  // One shot. A moment in the past fires in the next turn.
  TimerId At(SteadyTime when, Callback callback);
  TimerId After(Duration delay, Callback callback) {
    return At(now_.steady + delay, std::move(callback));
  }
  // Unknown, fired and cancelled ids are ignored.
  void Cancel(TimerId timer);

  // Level-triggered: the handler is called each turn while `fd` is ready, so it reads, or stops
  // watching at the end of file. For pipes, sockets and pidfds (readable = the process has ended);
  // kInvalid for files that cannot be waited for. The descriptor is borrowed: Unwatch before
  // closing it.
  Result<WatchId> Watch(int fd, Interest interest, WatchCallback callback);
  void Unwatch(WatchId watch);

  // Blocks the signals for the thread and reports them as events. Call once, before threads are
  // started (the Context of ZeroMQ); a child process must restore its signal mask.
  Status OnSignals(std::initializer_list<int> signals, SignalCallback callback);

  Status AddSource(LoopSource& source);
  void RemoveSource(LoopSource& source);

  void OnTurnEnd(Callback callback);

  // Turns until Stop(); the turn in which Stop() is called is finished.
  void Run();
  void Stop() { stopped_ = true; }
  // One turn that waits no longer than `max_wait`: for tests and for draining before the end.
  void Turn(Duration max_wait);

 private:
  struct WatchEntry {
    int fd;
    WatchCallback callback;
  };
  struct SourceEntry {
    std::uint64_t number;
    LoopSource* source;  // null: removed in this turn
    bool signalled;
  };

  Loop(Clock& clock, int epoll_fd);
  Duration WaitTime(Duration max_wait);
  void FireTimers();
  void Dispatch(std::uint64_t number, std::uint32_t events);
  void WorkSources();
  void ReadSignals();

  Clock& clock_;
  int epoll_fd_;
  int signal_fd_ = -1;
  Now now_;
  bool stopped_ = false;
  std::uint64_t next_number_ = 1;
  std::map<TimerId, Callback> timers_;
  // Entries do not move: a callback may unwatch itself while it runs, and then lives on in retired_
  // until the end of the turn.
  std::map<std::uint64_t, std::unique_ptr<WatchEntry>> watches_;
  std::vector<std::unique_ptr<WatchEntry>> retired_;
  std::deque<SourceEntry> sources_;
  std::deque<Callback> turn_end_;  // a deque: entries stay in place while one of them adds another
  SignalCallback on_signal_;
};

}  // namespace eris::link
