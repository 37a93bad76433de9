#include "worker/command_runner.h"

#include <fcntl.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "schema/base/unique_fd.h"

namespace eris {
namespace {

constexpr std::size_t kMaxStdoutBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxStderrBytes = std::size_t{64} << 20;

Result<UniqueFd> OpenOutput(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + path.string());
  return fd;
}

std::string LastLine(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const std::size_t line = trimmed.rfind('\n');
  return std::string(line == std::string_view::npos ? trimmed : trimmed.substr(line + 1));
}

}  // namespace

CommandRunner::~CommandRunner() {
  for (auto& [id, running] : running_) {
    loop_.Unwatch(running.watch);
    loop_.Cancel(running.limit);
    static_cast<void>(KillSession(running.child, SIGKILL));
    static_cast<void>(Reap(running.child));
  }
}

std::filesystem::path CommandRunner::FileOf(Id id, const char* stream) const {
  return work_dir_ / (std::to_string(static_cast<std::uint64_t>(id)) + "." + stream);
}

CommandRunner::Id CommandRunner::Run(Commands commands, Done done) {
  ERIS_CHECK(!commands.argvs.empty(), "there is something to run");
  const Id id{++last_id_};
  Running& running = running_[id];
  running.commands = std::move(commands);
  running.done = std::move(done);
  if (running.commands.limit > Duration(0)) {
    running.limit = loop_.After(running.commands.limit, [this, id] {
      if (const auto found = running_.find(id); found != running_.end()) {
        found->second.stopped = "took longer than its deadline";
        static_cast<void>(KillSession(found->second.child, SIGKILL));
      }
    });
  }
  Next(id);
  return id;
}

void CommandRunner::Next(Id id) {
  Running& running = running_.at(id);
  const auto& argv = running.commands.argvs[running.next++];
  const Result<UniqueFd> out = OpenOutput(FileOf(id, "out"));
  const Result<UniqueFd> err = OpenOutput(FileOf(id, "err"));
  Result<Child> child =
      out && err
          ? Spawn({.argv = argv,
                   .environment = running.commands.environment,
                   .working_directory = "/",
                   .stdout_fd = out->get(),
                   .stderr_fd = err->get(),
                   .session = SpawnSession::kNew})
          : Result<Child>(Fail(ErrorCode::kUnavailable, "cannot write to " + work_dir_.string()));
  if (!child) {
    running.result.failure = child.error().message;
    loop_.After(Duration(0), [this, id] { Finish(id); });
    return;
  }
  running.child = std::move(*child);
  const Result<link::WatchId> watch = loop_.Watch(running.child.pidfd.get(), link::Interest::kRead,
                                                  [this, id](link::Readiness) { OnEnd(id); });
  ERIS_CHECK(watch.has_value(), "a pidfd can be watched");
  running.watch = *watch;
}

void CommandRunner::OnEnd(Id id) {
  Running& running = running_.at(id);
  loop_.Unwatch(running.watch);
  running.watch = link::WatchId::kNone;
  const Result<ExitStatus> status = Reap(running.child);
  running.child = {};
  CommandsResult& result = running.result;
  if (Result<std::string> text = ReadFile(FileOf(id, "out"), kMaxStdoutBytes)) {
    result.stdout_text += *text;
  }
  if (Result<std::string> text = ReadFile(FileOf(id, "err"), kMaxStderrBytes)) {
    const std::size_t kept = std::min(text->size(), running.commands.tail_bytes);
    result.stderr_tail = text->substr(text->size() - kept);
  }
  if (!running.stopped.empty()) {
    result.failure = running.stopped;
  } else if (!status || !status->success()) {
    const std::string line = LastLine(result.stderr_tail);
    result.failure = !line.empty() ? line : status ? ToString(*status) : status.error().message;
  }
  if (result.failure.empty() && running.next < running.commands.argvs.size()) return Next(id);
  result.success = result.failure.empty();
  Finish(id);
}

void CommandRunner::Finish(Id id) {
  const auto found = running_.find(id);
  ERIS_CHECK(found != running_.end(), "a sequence ends once");
  Running running = std::move(found->second);
  running_.erase(found);
  loop_.Cancel(running.limit);
  for (const char* stream : {"out", "err"}) {
    std::error_code ignored;  // a file that stays is overwritten by the next worker
    std::filesystem::remove(FileOf(id, stream), ignored);
  }
  running.done(std::move(running.result));
}

void CommandRunner::Stop(Id id) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  found->second.stopped = "stopped";
  if (found->second.child.pid != 0) {
    static_cast<void>(KillSession(found->second.child, SIGKILL));
  }
}

}  // namespace eris
