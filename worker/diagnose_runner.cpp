#include "worker/diagnose_runner.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "dysnomia/secrets.h"
#include "schema/base/system_error.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

constexpr Duration kShellTick{500};
constexpr Duration kKillGrace{5'000};  // between hanging up and SIGKILL

// What the shell has on its side: descriptors of ours to talk to it, and what the child gets.
struct Ends {
  UniqueFd input;   // ours: what we write, it reads
  UniqueFd output;  // ours: what it writes, we read
  UniqueFd child_input;
  UniqueFd child_output;
};

Status MakeNonBlocking(const UniqueFd& fd) {
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0 && ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) == 0) {
    return {};
  }
  return FailErrno(errno, "cannot set up a terminal");
}

struct winsize SizeOf(const DiagnoseItem& item) {
  struct winsize size {};
  size.ws_row = item.rows;
  size.ws_col = item.columns;
  return size;
}

Result<Ends> MakeTerminal(const DiagnoseItem& item) {
  const struct winsize size = SizeOf(item);
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0) {
    return FailErrno(errno, "there is no terminal to be had");
  }
  Ends ends{UniqueFd(master), UniqueFd(::dup(master)), UniqueFd(slave), UniqueFd(::dup(slave))};
  for (const UniqueFd* fd : {&ends.input, &ends.output}) ERIS_TRY(MakeNonBlocking(*fd));
  return ends;
}

Result<Ends> MakePipes() {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  UniqueFd child_input(in[0]);
  UniqueFd input(in[1]);
  if (::pipe2(out.data(), O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  Ends ends{std::move(input), UniqueFd(out[0]), std::move(child_input), UniqueFd(out[1])};
  for (const UniqueFd* fd : {&ends.input, &ends.output}) ERIS_TRY(MakeNonBlocking(*fd));
  return ends;
}

// The worker's own, without what is none of a service's business, and the container's properties.
Result<std::vector<std::string>> EnvironmentOf(const Activity& activity, const DiagnoseItem& item,
                                               const DiagnoseRunner::Options& options) {
  std::map<std::string, std::string> variables;
  for (const std::string& variable : CurrentEnvironment()) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos || variable.starts_with("ERIS_")) continue;
    variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  for (const Property& property : activity.properties) {
    if (property.kind == Property::Kind::kStructured) continue;
    variables[property.name] = property.text;
    if (property.kind != Property::Kind::kSecret) continue;
    ERIS_ASSIGN(variables[property.name], dysnomia::ReadSecret(options.secrets_dir, property.text));
  }
  variables["DYSNOMIA_STATEDIR"] = options.state_dir.string();
  if (!item.terminal.empty()) variables["TERM"] = item.terminal;
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<std::string> ArgumentsOf(const Activity& activity, const DiagnoseItem& item,
                                     const std::string& dysnomia) {
  std::vector<std::string> argv{dysnomia,
                                "--shell",
                                "--environment",
                                "--type",
                                activity.module,
                                "--container",
                                activity.container.text,
                                "--component",
                                activity.package.text};
  if (!item.command.empty()) argv.insert(argv.end(), {"--command", item.command});
  return argv;
}

std::uint8_t StatusAsShellsSay(const ExitStatus& status) {
  constexpr int kSignalled = 128;
  const bool has_exited = status.kind == ExitStatus::Kind::kExited;
  return static_cast<std::uint8_t>(has_exited ? status.value : kSignalled + status.value);
}

}  // namespace

struct DiagnoseRunner::Shell {
  ItemId id;
  DiagnoseItem item;
  Activity activity;
  Done done;
  link::StreamEnd stream;
  SessionId client;    // where the person is now; 0 = has not come yet
  std::string queue;   // that the person speaks to
  std::string author;  // the key that speaks
  SteadyTime heard;
  std::string input;  // for the shell
  UniqueFd input_fd;  // of pipes: closed when the person has no more to say
  UniqueFd output_fd;
  Child child;
  std::optional<ExitStatus> status;
  std::optional<Outcome> hung_up;  // why it was not let end by itself
  SteadyTime hung_up_at;
  link::WatchId input_watch = link::WatchId::kNone;
  link::WatchId output_watch = link::WatchId::kNone;
  link::WatchId child_watch = link::WatchId::kNone;
  link::TimerId tick;
};

DiagnoseRunner::DiagnoseRunner(Options options, link::Loop& loop, Log& log, Send send)
    : options_(std::move(options)), loop_(loop), log_(log), send_(std::move(send)) {}

DiagnoseRunner::~DiagnoseRunner() {
  for (const auto& [stream, shell] : shells_) {
    Release(*shell);
    if (shell->child.pid == 0 || shell->status) continue;
    static_cast<void>(KillSession(shell->child, SIGKILL));
    static_cast<void>(Reap(shell->child));
  }
}

void DiagnoseRunner::Start(const ItemId& id, const DiagnoseItem& item, const Activity& activity,
                           Done done) {
  const bool is_full = shells_.size() >= kMostShells;
  if (is_full || shells_.contains(item.stream)) {
    loop_.After(Duration(0), [is_full, done = std::move(done)] {
      done({.verdict = Verdict::kFailed,
            .message = is_full ? "too many shells are open here" : "that stream is in use"});
    });
    return;
  }
  auto shell = std::make_unique<Shell>();
  shell->id = id;
  shell->item = item;
  shell->activity = activity;
  shell->done = std::move(done);
  shell->heard = loop_.now().steady;
  const std::uint64_t stream = item.stream;
  shell->tick = loop_.After(kShellTick, [this, stream] { Tick(stream); });
  shells_.emplace(stream, std::move(shell));
}

void DiagnoseRunner::Stop(const ItemId& id) {
  for (const auto& [stream, shell] : shells_) {
    if (shell->id != id) continue;
    HangUp(*shell, {.verdict = Verdict::kCancelled, .message = "it was cancelled"});
  }
}

void DiagnoseRunner::OnStream(const Message& message) {
  const auto found = shells_.find(message.header.request);
  if (found == shells_.end()) return;
  Shell& shell = *found->second;
  if (shell.client && shell.author != message.header.author) return;
  const Result<StreamPiece> piece = Decode<StreamPiece>(message.body);
  if (!piece) return;
  const bool is_first = !shell.client;
  shell.client = message.header.client;
  shell.queue = message.header.queue;
  shell.author = message.header.author;
  shell.heard = loop_.now().steady;
  if (piece->has_left) {
    HangUp(shell, {.verdict = Verdict::kCancelled, .message = "its person has left"});
    return FinishWhenOver(shell);
  }
  if (is_first) {
    shell.stream.Nudge();  // the person hears that there is somebody
    Begin(shell);
  }
  Resize(shell, *piece);
  shell.input += shell.stream.Take(*piece, link::StreamEnd::kWindow - shell.input.size());
  Pump(shell);
  FinishWhenOver(shell);
}

void DiagnoseRunner::Resize(Shell& shell, const StreamPiece& piece) {
  const bool is_new = piece.rows != shell.item.rows || piece.columns != shell.item.columns;
  if (!is_new || piece.rows == 0 || shell.item.terminal.empty() || !shell.input_fd.valid()) return;
  shell.item.rows = piece.rows;
  shell.item.columns = piece.columns;
  const struct winsize size = SizeOf(shell.item);
  static_cast<void>(::ioctl(shell.input_fd.get(), TIOCSWINSZ, &size));
}

void DiagnoseRunner::Begin(Shell& shell) {
  const Status spawned = Spawn(shell);
  if (!spawned) {
    return HangUp(shell, {.verdict = Verdict::kFailed, .message = spawned.error().message});
  }
  log_.Info("diagnose.began", {{"author", shell.author},
                               {"service", shell.activity.service_name.text},
                               {"container", shell.activity.container.text},
                               {"command", shell.item.command}});
}

Status DiagnoseRunner::Spawn(Shell& shell) {
  ERIS_ASSIGN(std::vector<std::string> environment,
              EnvironmentOf(shell.activity, shell.item, options_));
  const bool has_terminal = !shell.item.terminal.empty();
  ERIS_ASSIGN(Ends ends, has_terminal ? MakeTerminal(shell.item) : MakePipes());
  SpawnOptions options;
  options.argv = ArgumentsOf(shell.activity, shell.item, options_.dysnomia.string());
  options.environment = std::move(environment);
  options.stdin_fd = ends.child_input.get();
  options.stdout_fd = ends.child_output.get();
  options.stderr_fd = ends.child_output.get();
  options.session = SpawnSession::kNew;
  ERIS_ASSIGN(shell.child, eris::Spawn(options));
  shell.input_fd = std::move(ends.input);
  shell.output_fd = std::move(ends.output);
  const std::uint64_t stream = shell.item.stream;
  ERIS_ASSIGN(shell.child_watch,
              loop_.Watch(shell.child.pidfd.get(), link::Interest::kRead,
                          [this, stream](link::Readiness) { OnChildEnd(*shells_.at(stream)); }));
  return {};
}

// Moves what can be moved, in all directions, and sees to it that the rest is.
void DiagnoseRunner::Pump(Shell& shell) {
  WriteInput(shell);
  ReadOutput(shell);
  SendPieces(shell);
  Watch(shell);
}

void DiagnoseRunner::WriteInput(Shell& shell) {
  if (!shell.input_fd.valid()) {
    shell.input.clear();
    return;
  }
  while (!shell.input.empty()) {
    const ssize_t written = ::write(shell.input_fd.get(), shell.input.data(), shell.input.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) shell.input.clear();  // nobody reads there any more
    if (written > 0) shell.input.erase(0, static_cast<std::size_t>(written));
  }
  const bool is_pipe = shell.item.terminal.empty();
  if (is_pipe && shell.stream.has_ended()) {
    loop_.Unwatch(std::exchange(shell.input_watch, link::WatchId::kNone));
    shell.input_fd = UniqueFd();
  }
}

// The output ends when all who could write to it have closed it, or when the shell has ended and
// nothing is left: a daemon that it started may keep it open for ever.
void DiagnoseRunner::ReadOutput(Shell& shell) {
  std::array<char, 4096> buffer{};
  while (shell.output_fd.valid() && shell.stream.room() > 0) {
    const std::size_t most = std::min(buffer.size(), shell.stream.room());
    const ssize_t got = ::read(shell.output_fd.get(), buffer.data(), most);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) {
      shell.stream.Write({buffer.data(), static_cast<std::size_t>(got)});
      continue;
    }
    const bool may_come = got < 0 && errno == EAGAIN && !shell.status;
    if (may_come) return;
    loop_.Unwatch(std::exchange(shell.output_watch, link::WatchId::kNone));
    shell.output_fd = UniqueFd();
  }
  if (shell.status && !shell.output_fd.valid()) shell.stream.Close();
}

void DiagnoseRunner::SendPieces(Shell& shell) {
  while (const auto piece = shell.stream.Next(loop_.now().steady)) {
    send_({.header = {.kind = MessageKind::kStream,
                      .queue = shell.queue,
                      .client = shell.client,
                      .request = shell.item.stream},
           .body = Encode(*piece)});
  }
}

// Looks at what could go on only while there is something to do with it.
void DiagnoseRunner::Watch(Shell& shell) {
  const std::uint64_t stream = shell.item.stream;
  const auto set = [&](link::WatchId& watch, const UniqueFd& fd, bool wanted,
                       link::Interest interest) {
    if (wanted == (watch != link::WatchId::kNone)) return;
    if (!wanted) return loop_.Unwatch(std::exchange(watch, link::WatchId::kNone));
    const auto made = loop_.Watch(fd.get(), interest,
                                  [this, stream](link::Readiness) { Pump(*shells_.at(stream)); });
    if (made) watch = *made;
  };
  set(shell.input_watch, shell.input_fd, shell.input_fd.valid() && !shell.input.empty(),
      link::Interest::kWrite);
  set(shell.output_watch, shell.output_fd, shell.output_fd.valid() && shell.stream.room() > 0,
      link::Interest::kRead);
}

void DiagnoseRunner::OnChildEnd(Shell& shell) {
  const Result<ExitStatus> status = Reap(shell.child);
  shell.status = status ? *status : ExitStatus{.value = 1};
  loop_.Unwatch(std::exchange(shell.child_watch, link::WatchId::kNone));
  Pump(shell);
}

void DiagnoseRunner::Tick(std::uint64_t stream) {
  Shell& shell = *shells_.at(stream);
  const SteadyTime now = loop_.now().steady;
  const bool is_silent = now - shell.heard >= kPatience;
  if (is_silent) {
    HangUp(shell, {.verdict = Verdict::kFailed,
                   .message = shell.client ? "nothing was heard of its person any more"
                                           : "nobody came to the shell"});
  }
  const bool is_running = shell.child.pid != 0 && !shell.status;
  if (shell.hung_up && is_running && now - shell.hung_up_at >= kKillGrace) {
    static_cast<void>(KillSession(shell.child, SIGKILL));
  }
  Pump(shell);
  shell.tick = loop_.After(kShellTick, [this, stream] { Tick(stream); });
  FinishWhenOver(shell);
}

// The person needs to know; or there is none any more.
void DiagnoseRunner::FinishWhenOver(const Shell& shell) {
  const bool was_begun = shell.child.pid != 0;
  if (was_begun && !shell.status) return;
  if (shell.hung_up) return Finish(shell.item.stream, Outcome(*shell.hung_up));
  if (!was_begun || !shell.stream.is_delivered()) return;
  Finish(shell.item.stream,
         {.verdict = Verdict::kSucceeded, .report = ShellReport{StatusAsShellsSay(*shell.status)}});
}

void DiagnoseRunner::HangUp(Shell& shell, Outcome outcome) {
  if (shell.hung_up) return;
  shell.hung_up = std::move(outcome);
  shell.hung_up_at = loop_.now().steady;
  const bool is_running = shell.child.pid != 0 && !shell.status;
  if (is_running) static_cast<void>(KillSession(shell.child, SIGHUP));
}

void DiagnoseRunner::Finish(std::uint64_t stream, Outcome outcome) {
  const auto found = shells_.find(stream);
  if (found == shells_.end()) return;
  const std::unique_ptr<Shell> shell = std::move(found->second);
  shells_.erase(found);
  Release(*shell);
  shell->done(std::move(outcome));
}

void DiagnoseRunner::Release(Shell& shell) {
  for (const link::WatchId watch : {shell.input_watch, shell.output_watch, shell.child_watch}) {
    loop_.Unwatch(watch);
  }
  loop_.Cancel(shell.tick);
}

}  // namespace eris
