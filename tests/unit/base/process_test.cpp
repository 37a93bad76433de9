// Goal: children get exactly what they are given and their end is seen. Method: /bin/sh as a child
// that reports about itself into a file.
#include "schema/base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>

namespace eris::process_test {
namespace {

// A file in memory as a child's output.
class Output {
 public:
  int fd() const { return fd_.get(); }
  std::string Text() const {
    std::array<char, 4096> buffer;
    const ssize_t got = ::pread(fd_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(got)};
  }

 private:
  UniqueFd fd_{::memfd_create("output", MFD_CLOEXEC)};
};

SpawnOptions Shell(std::string script) {
  return {.argv = {"/bin/sh", "-c", std::move(script)}, .environment = {"PATH=/usr/bin:/bin"}};
}

Result<ExitStatus> RunToEnd(const SpawnOptions& options) {
  ERIS_ASSIGN(Child child, Spawn(options));
  return Reap(child);
}

TEST(Process, ReportsExitStatusAndSignal) {
  const ExitStatus failed = RunToEnd(Shell("exit 7")).value();
  EXPECT_EQ(failed, (ExitStatus{ExitStatus::Kind::kExited, 7}));
  EXPECT_FALSE(failed.success());
  EXPECT_EQ(ToString(failed), "exit status 7");
  const ExitStatus killed = RunToEnd(Shell("kill -9 $$")).value();
  EXPECT_EQ(killed, (ExitStatus{ExitStatus::Kind::kSignaled, 9}));
  EXPECT_EQ(ToString(killed), "signal 9 (Killed)");
  EXPECT_TRUE(RunToEnd(Shell("exit 0"))->success());
}

TEST(Process, AProgramThatCannotRunIsAnError) {
  EXPECT_EQ(Spawn({.argv = {"/does/not/exist"}}).error().code, ErrorCode::kNotFound);
  SpawnOptions options = Shell("exit 0");
  options.working_directory = "/does/not/exist";
  EXPECT_FALSE(Spawn(options));
}

TEST(Process, HasTheGivenEnvironmentDirectoryAndArgumentsOnly) {
  const Output output;
  SpawnOptions options{.argv = {"/bin/sh", "-c", "echo \"$A|$HOME|$1|$(pwd)\"", "sh", "x; y $z"},
                       .environment = {"A=b c"},
                       .working_directory = "/usr",
                       .stdout_fd = output.fd()};
  ASSERT_TRUE(RunToEnd(options)->success());
  EXPECT_EQ(output.Text(), "b c||x; y $z|/usr\n");
}

TEST(Process, HasNoOtherDescriptors) {
  constexpr int kHigh = 60;  // above what the shell opens for itself
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd leaked(::fcntl(null.get(), F_DUPFD, kHigh));  // on purpose not close-on-exec
  const Output output;
  SpawnOptions options =
      Shell("test ! -e /proc/$$/fd/" + std::to_string(leaked.get()) + " && readlink /proc/$$/fd/0");
  options.stdout_fd = output.fd();
  ASSERT_TRUE(RunToEnd(options)->success());
  EXPECT_EQ(output.Text(), "/dev/null\n");
}

TEST(Process, TakesDescriptorsThatWouldOverwriteEachOther) {
  // Standard output and error go to one file, whose descriptor is handed over twice.
  const Output output;
  SpawnOptions options = Shell("echo out; echo err >&2");
  options.stdout_fd = output.fd();
  options.stderr_fd = output.fd();
  ASSERT_TRUE(RunToEnd(options)->success());
  EXPECT_EQ(output.Text(), "out\nerr\n");
}

TEST(Process, SwapsStandardDescriptors) {
  const Output to_stderr;
  const UniqueFd saved(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
  ASSERT_EQ(::dup2(to_stderr.fd(), STDERR_FILENO), STDERR_FILENO);
  SpawnOptions options = Shell("echo swapped");
  options.stdout_fd = STDERR_FILENO;
  options.stderr_fd = STDOUT_FILENO;
  const Result<ExitStatus> status = RunToEnd(options);
  ASSERT_EQ(::dup2(saved.get(), STDERR_FILENO), STDERR_FILENO);
  ASSERT_TRUE(status && status->success());
  EXPECT_EQ(to_stderr.Text(), "swapped\n");
}

TEST(Process, ResetsSignalsOfTheParent) {
  const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t old_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &old_mask);
  const Result<ExitStatus> pipe = RunToEnd(Shell("kill -PIPE $$; exit 0"));
  const Result<ExitStatus> term = RunToEnd(Shell("kill -TERM $$; exit 0"));
  ::sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  ::signal(SIGPIPE, old_handler);
  EXPECT_EQ(pipe.value(), (ExitStatus{ExitStatus::Kind::kSignaled, SIGPIPE}));
  EXPECT_EQ(term.value(), (ExitStatus{ExitStatus::Kind::kSignaled, SIGTERM}));
}

TEST(Process, PidfdBecomesReadableAtTheEnd) {
  Child child = Spawn(Shell("sleep 60")).value();
  EXPECT_FALSE(TryReap(child)->has_value());
  EXPECT_NE(::fcntl(child.pidfd.get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_TRUE(Kill(child, SIGTERM));
  pollfd wait{child.pidfd.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
  EXPECT_EQ(TryReap(child).value(), (ExitStatus{ExitStatus::Kind::kSignaled, SIGTERM}));
  EXPECT_TRUE(Kill(child, SIGTERM)) << "a child that has ended is no error";
}

// The child starts a second process group in its session, which a signal to the group would miss;
// the reader of the pipe sees the end of the last process that holds it.
TEST(Process, KillSessionReachesEveryProcessGroup) {
  std::array<int, 2> fds{};
  ASSERT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  SpawnOptions options = Shell("set -m; sleep 60 & echo ready; wait");
  options.session = SpawnSession::kNew;
  options.stdout_fd = write_end.get();
  Child child = Spawn(options).value();
  write_end.Reset();
  std::array<char, 16> buffer;
  ASSERT_EQ(::read(read_end.get(), buffer.data(), buffer.size()), 6) << "the child says ready";
  EXPECT_EQ(::getsid(child.pid), child.pid);
  ASSERT_TRUE(KillSession(child, SIGKILL));
  EXPECT_EQ(Reap(child).value(), (ExitStatus{ExitStatus::Kind::kSignaled, SIGKILL}));
  EXPECT_EQ(::read(read_end.get(), buffer.data(), buffer.size()), 0) << "nobody holds the pipe";
}

TEST(Process, CurrentEnvironmentIsTheCallers) {
  ASSERT_EQ(::setenv("ERIS_TEST_VARIABLE", "1", 1), 0);
  bool found = false;
  for (const std::string& entry : CurrentEnvironment()) found |= entry == "ERIS_TEST_VARIABLE=1";
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace eris::process_test
