#include "schema/base/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "schema/base/files.h"
#include "schema/base/system_error.h"

namespace eris {
namespace {

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> OpenPipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  Pipe pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
  // The child's end stays blocking: programs do not expect EAGAIN on standard output.
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0) return FailErrno(errno, "cannot set up a pipe");
  return pipe;
}

// Input in memory: a child that does not read it cannot block us.
Result<UniqueFd> OpenInput(const std::string& input) {
  UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot make the input");
  ERIS_TRY(WriteAll(fd.get(), input));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return FailErrno(errno, "cannot rewind the input");
  return fd;
}

// One run: reads both pipes until the child has ended.
class Run {
 public:
  Run(Child child, const CommandOptions& options)
      : child_(std::move(child)), options_(options), deadline_(Time() + options.timeout) {}

  Result<CommandOutput> Finish(UniqueFd out, UniqueFd err) {
    out_ = std::move(out);
    err_ = std::move(err);
    if (Status status = ReadUntilEnd(); !status) {
      // What failed first is what the caller learns; after SIGKILL there is nothing to wait for
      // long.
      (void)KillSession(child_, SIGKILL);
      (void)Reap(child_);
      return Fail(std::move(status).error());
    }
    ERIS_ASSIGN(output_.status, Reap(child_));
    return std::move(output_);
  }

 private:
  static SteadyTime Time() { return SystemClock().Read().steady; }

  Status ReadUntilEnd() {
    while (true) {
      const Duration left = deadline_ - Time();
      if (left <= Duration::zero()) {
        return Fail(ErrorCode::kTimeout,
                    "still running after " + std::to_string(options_.timeout.count()) + " ms");
      }
      std::array<pollfd, 3> fds{
          {{child_.pidfd.get(), POLLIN, 0}, {out_.get(), POLLIN, 0}, {err_.get(), POLLIN, 0}}};
      constexpr Duration::rep kLongestWaitMs = 60'000;
      const auto wait_ms = static_cast<int>(std::min(left.count(), kLongestWaitMs));
      if (::poll(fds.data(), fds.size(), wait_ms) < 0 && errno != EINTR) {
        return FailErrno(errno, "cannot wait for the program");
      }
      ERIS_TRY(Drain());
      // A daemon left behind may hold the pipes open: the child's own end is what counts. What it
      // wrote before is in the pipes by now.
      if (fds[0].revents != 0) return Drain();
    }
  }

  Status Drain() {
    ERIS_TRY(ReadAvailable(out_, output_.stdout_text));
    if (output_.stdout_text.size() > options_.stdout_limit_bytes) return TooMuch();
    ERIS_TRY(ReadAvailable(err_, output_.stderr_tail));
    return {};
  }

  Status TooMuch() const {
    return Fail(ErrorCode::kInvalid,
                "more than " + std::to_string(options_.stdout_limit_bytes) + " bytes of output");
  }

  // Takes what a pipe holds; closes it at its end. Never more than a bit over a limit at once.
  Status ReadAvailable(UniqueFd& fd, std::string& into) {
    std::array<char, 65536> buffer;
    while (fd.valid()) {
      const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return {};
      if (got < 0) return FailErrno(errno, "cannot read output");
      if (got == 0) {
        fd.Reset();
        return {};
      }
      into.append(buffer.data(), static_cast<std::size_t>(got));
      if (&into == &output_.stderr_tail) {
        KeepTail(into);
      } else if (into.size() > options_.stdout_limit_bytes) {
        return {};
      }
    }
    return {};
  }

  void KeepTail(std::string& text) const {
    if (text.size() > options_.stderr_tail_bytes) {
      text.erase(0, text.size() - options_.stderr_tail_bytes);
    }
  }

  Child child_;
  const CommandOptions& options_;
  SteadyTime deadline_;
  UniqueFd out_;
  UniqueFd err_;
  CommandOutput output_;
};

}  // namespace

Result<CommandOutput> RunCommand(const std::vector<std::string>& argv,
                                 const CommandOptions& options) {
  ERIS_ASSIGN(const UniqueFd input, OpenInput(options.input));
  ERIS_ASSIGN(Pipe out, OpenPipe());
  ERIS_ASSIGN(Pipe err, OpenPipe());
  ERIS_ASSIGN(Child child, Spawn({.argv = argv,
                                  .environment = options.environment,
                                  .working_directory = options.working_directory,
                                  .stdin_fd = input.get(),
                                  .stdout_fd = out.write_end.get(),
                                  .stderr_fd = err.write_end.get(),
                                  .session = SpawnSession::kNew}));
  out.write_end.Reset();
  err.write_end.Reset();
  return Run(std::move(child), options)
      .Finish(std::move(out.read_end), std::move(err.read_end))
      .map_error([&](Error error) { return std::move(error).In(argv.front()); });
}

}  // namespace eris
