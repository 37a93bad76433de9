#include "worker/runner_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "dysnomia/attempt.h"
#include "schema/base/check.h"
#include "schema/base/system_error.h"

namespace eris {

RunnerPool::RunnerPool(std::filesystem::path dysnomia, std::filesystem::path attempts_dir,
                       link::Loop& loop)
    : dysnomia_(std::move(dysnomia)), attempts_dir_(std::move(attempts_dir)), loop_(loop) {}

RunnerPool::~RunnerPool() {
  loop_.Cancel(tidy_);
  for (auto& [id, runner] : runners_) {
    Dismiss(runner);
    loop_.Unwatch(runner.on_end);
  }
}

Result<RunnerId> RunnerPool::Run(const std::string& name, Ended ended) {
  ERIS_CHECK(name.size() <= dysnomia::kMaxAttemptName, "an attempt's name is short");
  while (!idle_.empty()) {
    const RunnerId id = idle_.back();
    idle_.pop_back();
    Runner& runner = runners_.at(id);
    if (Tell(runner, name)) {
      runner.ended = std::move(ended);
      return id;
    }
    Dismiss(runner);  // it has died, and OnEnd will say so
  }
  ERIS_ASSIGN(const RunnerId id, Start());
  Runner& runner = runners_.at(id);
  if (!Tell(runner, name)) {
    Dismiss(runner);
    return Fail(ErrorCode::kUnavailable, dysnomia_.string() + " ended at once");
  }
  runner.ended = std::move(ended);
  return id;
}

Status RunnerPool::MakeReady(std::size_t count) {
  while (idle_.size() < std::min(count, kMaxIdle)) {
    ERIS_ASSIGN(const RunnerId id, Start());
    Wait(id);
  }
  return {};
}

Result<RunnerId> RunnerPool::Start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return FailErrno(errno, "cannot make a socket for " + dysnomia_.string());
  }
  Runner runner;
  runner.socket.Reset(ends[0]);
  const UniqueFd its_end(ends[1]);
  auto child = Spawn({.argv = dysnomia::AttemptsCommand(dysnomia_, attempts_dir_),
                      .environment = CurrentEnvironment(),
                      .working_directory = "/",
                      .stdin_fd = its_end.get(),
                      .session = SpawnSession::kNew});
  if (!child) return Fail(std::move(child).error().In("cannot start " + dysnomia_.string()));
  runner.child = std::move(*child);
  const RunnerId id{++last_id_};
  const auto ready = loop_.Watch(runner.socket.get(), link::Interest::kRead,
                                 [this, id](link::Readiness) { OnReady(id); });
  const auto end = loop_.Watch(runner.child.pidfd.get(), link::Interest::kRead,
                               [this, id](link::Readiness) { OnEnd(id); });
  ERIS_CHECK(ready.has_value() && end.has_value(), "sockets and pidfds can be watched");
  runner.on_ready = *ready;
  runner.on_end = *end;
  runners_.emplace(id, std::move(runner));
  return id;
}

bool RunnerPool::Tell(Runner& runner, const std::string& name) {
  return ::send(runner.socket.get(), name.data(), name.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(name.size());
}

void RunnerPool::Retire(RunnerId id) {
  const auto found = runners_.find(id);
  if (found != runners_.end()) found->second.is_retired = true;
}

void RunnerPool::OnReady(RunnerId id) {
  Runner& runner = runners_.at(id);
  char said = 0;
  const ssize_t size = ::recv(runner.socket.get(), &said, 1, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // Whatever else it says: only its end is left to wait for.
  if (size != 1 || said != dysnomia::kReady || !runner.ended) {
    std::erase(idle_, id);
    return Dismiss(runner);
  }
  const Ended ended = std::exchange(runner.ended, nullptr);
  if (runner.is_retired || idle_.size() >= kMaxIdle) {
    Dismiss(runner);
  } else {
    Wait(id);
  }
  ended();
}

void RunnerPool::Wait(RunnerId id) {
  runners_.at(id).idle_since = loop_.now().steady;
  idle_.push_back(id);
  if (idle_.size() == 1) Tidy();
}

void RunnerPool::OnEnd(RunnerId id) {
  const auto found = runners_.find(id);
  ERIS_CHECK(found != runners_.end(), "a runner ends once");
  Runner runner = std::move(found->second);
  runners_.erase(found);
  std::erase(idle_, id);
  Dismiss(runner);
  loop_.Unwatch(runner.on_end);
  // How it ended says nothing that the outcome of its attempt does not say better.
  static_cast<void>(Reap(runner.child));
  if (runner.ended) runner.ended();
}

void RunnerPool::Dismiss(Runner& runner) {
  if (!runner.socket.valid()) return;
  loop_.Unwatch(runner.on_ready);
  runner.socket.Reset();
}

void RunnerPool::Tidy() {
  loop_.Cancel(tidy_);
  tidy_ = loop_.After(kIdleFor, [this] { DismissIdle(); });
}

void RunnerPool::DismissIdle() {
  while (!idle_.empty()) {
    Runner& runner = runners_.at(idle_.front());
    if (loop_.now().steady - runner.idle_since < kIdleFor) return Tidy();
    Dismiss(runner);
    idle_.erase(idle_.begin());
  }
}

}  // namespace eris
