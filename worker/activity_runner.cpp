#include "worker/activity_runner.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/files.h"

namespace eris {
namespace {

constexpr Duration kAskAgainAfter{20};
// A target has no more attempts at a time than cores, and seldom more of these.
constexpr int kMaxSpares = 16;

}  // namespace

ActivityRunner::ActivityRunner(ActivityRunnerOptions options, link::Loop& loop, Log& log)
    : options_(std::move(options)),
      loop_(loop),
      log_(log),
      runners_(options_.dysnomia, options_.attempts_dir, loop) {
  for (int i = 0; i < kMaxSpares; ++i) {
    const std::string name = "spare-" + std::to_string(i);
    (FileExists(DirOf(name).string()) ? spares_ : unused_).push_back(name);
  }
  Stock();
}

ActivityRunner::~ActivityRunner() {
  for (const auto& [name, running] : running_) {
    if (running.pidfd.valid()) loop_.Unwatch(running.watch);
  }
}

// As many spares as are used at a time. One that cannot be made is made when it is needed, and
// whoever needs it says why that fails.
void ActivityRunner::Stock() {
  while (spares_.size() < options_.at_a_time && !unused_.empty() &&
         dysnomia::MakeSpareAttempt(DirOf(unused_.back()))) {
    spares_.push_back(std::move(unused_.back()));
    unused_.pop_back();
  }
}

void ActivityRunner::Expect(std::uint32_t activities) {
  Stock();
  const std::uint32_t runners = std::clamp(activities, 1U, std::max(1U, options_.at_a_time));
  // Whoever needs one that could not be started says why.
  loop_.After(Duration(0), [this, runners] { static_cast<void>(runners_.MakeReady(runners)); });
}

void ActivityRunner::Later(Done done, Result<dysnomia::AttemptOutcome> result) {
  auto shared = std::make_shared<Result<dysnomia::AttemptOutcome>>(std::move(result));
  loop_.After(Duration(0), [done = std::move(done), shared] { done(std::move(*shared)); });
}

void ActivityRunner::Start(const std::string& name, dysnomia::AttemptRequest request, Done done) {
  request.state_dir = options_.state_dir;
  request.secrets_dir = options_.secrets_dir;
  const std::filesystem::path dir = TakeDir(name);
  if (Status prepared = dysnomia::PrepareAttempt(dir, request); !prepared) {
    return Later(std::move(done), Fail(std::move(prepared).error()));
  }
  Result<RunnerId> runner = runners_.Run(name, [this, name] { OnEnd(name); });
  if (!runner) {
    Remove(name);
    return Later(std::move(done), Fail(std::move(runner).error()));
  }
  Running running;
  running.runner = *runner;
  running.done = std::move(done);
  Add(name, std::move(running));
}

std::filesystem::path ActivityRunner::TakeDir(const std::string& name) {
  std::filesystem::path dir = DirOf(name);
  if (spares_.empty()) return dir;
  // One that cannot be had is made anew.
  std::error_code ignored;
  std::filesystem::rename(DirOf(spares_.back()), dir, ignored);
  unused_.push_back(std::move(spares_.back()));
  spares_.pop_back();
  return dir;
}

void ActivityRunner::Resume(const std::string& name, Done done) {
  Result<std::optional<UniqueFd>> pidfd = dysnomia::WatchAttempt(DirOf(name));
  if (!pidfd && pidfd.error().code == ErrorCode::kUnavailable) {
    loop_.After(kAskAgainAfter, [this, name, done = std::move(done)] { Resume(name, done); });
    return;
  }
  if (!pidfd || !*pidfd) {
    loop_.After(Duration(0), [this, name, done = std::move(done)] { Judge(name, done); });
    return;
  }
  Running running;
  running.pidfd = std::move(**pidfd);
  running.done = std::move(done);
  const auto watch = loop_.Watch(running.pidfd.get(), link::Interest::kRead,
                                 [this, name](link::Readiness) { OnEnd(name); });
  ERIS_CHECK(watch.has_value(), "a pidfd can be watched");
  running.watch = *watch;
  Add(name, std::move(running));
}

void ActivityRunner::Add(const std::string& name, Running running) {
  const bool added = running_.emplace(name, std::move(running)).second;
  ERIS_CHECK(added, "an attempt's name is used once at a time");
}

void ActivityRunner::OnEnd(const std::string& name) {
  const auto found = running_.find(name);
  ERIS_CHECK(found != running_.end(), "only watched attempts end");
  Running running = std::move(found->second);
  running_.erase(found);
  if (running.pidfd.valid()) loop_.Unwatch(running.watch);
  Judge(name, running.done);
}

void ActivityRunner::Judge(const std::string& name, const Done& done) {
  Result<dysnomia::AttemptState> state = dysnomia::JudgeAttempt(DirOf(name));
  if (!state) return done(Fail(std::move(state).error()));
  switch (state->phase) {
    case dysnomia::AttemptPhase::kFinished:
      return done(std::move(state->outcome));
    case dysnomia::AttemptPhase::kRunning:
      return Resume(name, done);
    case dysnomia::AttemptPhase::kLost:
      break;
  }
  // Its modules may still be running without their runner.
  Result<int> told = dysnomia::StopAttempt(DirOf(name), dysnomia::StopSignal::kKill);
  if (told && *told > 0) {
    loop_.After(kAskAgainAfter, [this, name, done] { Judge(name, done); });
    return;
  }
  log_.Warn("attempt.lost", {{"attempt", name}});
  done(Fail(ErrorCode::kTimeout, "the attempt ended without an outcome"));
}

void ActivityRunner::Stop(const std::string& name) {
  const auto running = running_.find(name);
  if (running == running_.end()) return;
  runners_.Retire(running->second.runner);
  const Result<int> told = dysnomia::StopAttempt(DirOf(name), dysnomia::StopSignal::kTerminate);
  if (!told) log_.Warn("attempt.stop_failed", {{"attempt", name}, {"error", told.error().message}});
}

void ActivityRunner::Remove(const std::string& name) {
  if (!unused_.empty() && dysnomia::RecycleAttempt(DirOf(name), DirOf(unused_.back()))) {
    spares_.push_back(std::move(unused_.back()));
    unused_.pop_back();
    return;
  }
  if (Status removed = RemoveTree(DirOf(name).string()); !removed) {
    log_.Warn("attempt.remove_failed", {{"attempt", name}, {"error", removed.error().message}});
  }
}

}  // namespace eris
