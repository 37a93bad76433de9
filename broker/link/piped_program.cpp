#include "broker/link/piped_program.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris::link {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr int kPipeBytes = 1 << 20;  // fewer switches between two processes; a wish
constexpr std::size_t kErrorTailBytes = 4096;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  static_cast<void>(::fcntl(ends[0], F_SETPIPE_SZ, kPipeBytes));
  return pipe;
}

Status MakeNonBlocking(const UniqueFd& fd) {
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0) return {};
  return FailErrno(errno, "cannot set up a pipe");
}

std::string LastLine(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const std::size_t line = trimmed.rfind('\n');
  return std::string(line == std::string_view::npos ? trimmed : trimmed.substr(line + 1));
}

}  // namespace

PipedProgram::PipedProgram(Loop& loop, PipedProgramHandlers handlers)
    : loop_(loop), handlers_(std::move(handlers)), buffer_(kReadBytes) {}

Result<std::unique_ptr<PipedProgram>> PipedProgram::Start(Loop& loop, const Options& options,
                                                          PipedProgramHandlers handlers) {
  std::unique_ptr<PipedProgram> program(new PipedProgram(loop, std::move(handlers)));
  ERIS_TRY(program->Spawn(options));
  return program;
}

Status PipedProgram::Spawn(const Options& options) {
  name_ = options.argv.front();
  ERIS_ASSIGN(Pipe in, MakePipe());
  ERIS_ASSIGN(Pipe out, MakePipe());
  ERIS_ASSIGN(Pipe err, MakePipe());
  ERIS_TRY(MakeNonBlocking(in.write));
  ERIS_TRY(MakeNonBlocking(out.read));
  ERIS_TRY(MakeNonBlocking(err.read));
  ERIS_ASSIGN(child_, eris::Spawn({.argv = options.argv,
                                   .environment = options.environment,
                                   .working_directory = "/",
                                   .stdin_fd = in.read.get(),
                                   .stdout_fd = out.write.get(),
                                   .stderr_fd = err.write.get(),
                                   .session = SpawnSession::kNew}));
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  errors_ = std::move(err.read);
  ERIS_ASSIGN(exit_watch_,
              loop_.Watch(child_.pidfd.get(), Interest::kRead, [this](Readiness) { OnExit(); }));
  ERIS_ASSIGN(errors_watch_,
              loop_.Watch(errors_.get(), Interest::kRead, [this](Readiness) { ReadErrors(); }));
  Resume();
  return {};
}

PipedProgram::~PipedProgram() {
  for (const WatchId watch : {input_watch_, output_watch_, errors_watch_, exit_watch_}) {
    loop_.Unwatch(watch);
  }
  if (child_.pid == 0) return;
  static_cast<void>(KillSession(child_, SIGKILL));
  static_cast<void>(Reap(child_));
}

void PipedProgram::Write(std::string_view bytes) {
  if (!input_.valid()) return;
  if (Backlog() == 0) {
    const ssize_t count = ::write(input_.get(), bytes.data(), bytes.size());
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (bytes.empty()) return;
  backlog_.append(bytes);
  WatchInput();
}

void PipedProgram::WatchInput() {
  if (input_watch_ != WatchId::kNone) return;
  const Result<WatchId> watch =
      loop_.Watch(input_.get(), Interest::kWrite, [this](Readiness) { Flush(); });
  ERIS_CHECK(watch.has_value(), "a pipe can be watched");
  input_watch_ = *watch;
}

void PipedProgram::Flush() {
  bool is_broken = false;
  while (Backlog() > 0) {
    const ssize_t count = ::write(input_.get(), backlog_.data() + written_, Backlog());
    if (count > 0) {
      written_ += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      // Keeps what is copied in proportion to what is written.
      if (written_ > backlog_.size() / 2) backlog_.erase(0, std::exchange(written_, 0));
      return;
    }
    is_broken = true;  // the program has closed its end: its exit status tells the rest
    break;
  }
  backlog_.clear();
  written_ = 0;
  loop_.Unwatch(std::exchange(input_watch_, WatchId::kNone));
  if (close_input_ || is_broken) input_.Reset();
  if (handlers_.on_room) handlers_.on_room();
}

void PipedProgram::CloseInput() {
  close_input_ = true;
  if (Backlog() == 0) input_.Reset();
}

void PipedProgram::Pause() {
  paused_ = true;
  loop_.Unwatch(std::exchange(output_watch_, WatchId::kNone));
}

void PipedProgram::Resume() {
  paused_ = false;
  if (!output_.valid() || output_watch_ != WatchId::kNone) return;
  const Result<WatchId> watch =
      loop_.Watch(output_.get(), Interest::kRead, [this](Readiness) { ReadOutput(); });
  ERIS_CHECK(watch.has_value(), "a pipe can be watched");
  output_watch_ = *watch;
}

void PipedProgram::ReadOutput() {
  const ssize_t count = ::read(output_.get(), buffer_.data(), buffer_.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) {
    if (handlers_.on_output) {
      handlers_.on_output({buffer_.data(), static_cast<std::size_t>(count)});
    }
    return;
  }
  loop_.Unwatch(std::exchange(output_watch_, WatchId::kNone));
  output_.Reset();
  EndIfOver();
}

void PipedProgram::ReadErrors() {
  const ssize_t count = ::read(errors_.get(), buffer_.data(), buffer_.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) {
    error_tail_.append(buffer_.data(), static_cast<std::size_t>(count));
    if (error_tail_.size() > kErrorTailBytes) {
      error_tail_.erase(0, error_tail_.size() - kErrorTailBytes);
    }
    return;
  }
  loop_.Unwatch(std::exchange(errors_watch_, WatchId::kNone));
  errors_.Reset();
  EndIfOver();
}

void PipedProgram::OnExit() {
  loop_.Unwatch(std::exchange(exit_watch_, WatchId::kNone));
  const Result<ExitStatus> status = Reap(child_);
  child_ = {};
  exit_ = status.value_or(ExitStatus{.value = 1});
  EndIfOver();
}

void PipedProgram::EndIfOver() {
  if (child_.pid != 0 || output_.valid() || errors_.valid() || !handlers_.on_end) return;
  const auto on_end = std::exchange(handlers_.on_end, nullptr);
  if (exit_.success()) return on_end({});
  const std::string line = LastLine(error_tail_);
  on_end(Fail(ErrorCode::kUnavailable, name_ + ": " + (line.empty() ? ToString(exit_) : line)));
}

}  // namespace eris::link
