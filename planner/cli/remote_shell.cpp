#include "planner/cli/remote_shell.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "schema/base/files.h"
#include "schema/codec/codec.h"

namespace eris::cli {
namespace {

constexpr Duration kTickInterval{200};
constexpr Duration kNudgeInterval{2'000};  // well within the worker's patience with silence
constexpr char kLeave = '\x1d';            // Ctrl-]

}  // namespace

TerminalKind OwnTerminal() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return {};
  TerminalKind kind;
  const char* name = std::getenv("TERM");
  kind.name = name == nullptr || *name == '\0' ? "dumb" : name;
  struct winsize size {};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
    kind.rows = size.ws_row;
    kind.columns = size.ws_col;
  }
  return kind;
}

RemoteShell::RemoteShell(Client& client, std::string queue, const DiagnoseItem& item)
    : client_(client), queue_(std::move(queue)), item_(item) {
  if (!item_.terminal.empty()) {
    termios now{};
    if (::tcgetattr(STDIN_FILENO, &now) == 0) {
      before_ = now;
      ::cfmakeraw(&now);
      static_cast<void>(::tcsetattr(STDIN_FILENO, TCSADRAIN, &now));
    }
  }
  client_.OnStream(item_.stream, [this](const StreamPiece& piece) { OnPiece(piece); });
  Tick();
}

RemoteShell::~RemoteShell() {
  client_.OnStream(item_.stream, nullptr);
  client_.loop().Unwatch(watch_);
  client_.loop().Cancel(tick_);
  client_.SendStream(queue_, item_.stream, {.has_left = true});
  client_.RunUntil([] { return true; }, Duration(0));
  if (before_) static_cast<void>(::tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_));
}

void RemoteShell::OnPiece(const StreamPiece& piece) {
  const std::string text = stream_.Take(piece, link::StreamEnd::kWindow);
  static_cast<void>(WriteAll(STDOUT_FILENO, text));
  SendPieces();
  WatchInput();
}

// As long as the stream takes what is typed. Files cannot be waited for, but never keep one
// waiting.
void RemoteShell::WatchInput() {
  link::Loop& loop = client_.loop();
  const bool wants = input_ == Input::kWatched && stream_.room() > 0;
  if (!wants) return loop.Unwatch(std::exchange(watch_, link::WatchId::kNone));
  if (watch_ != link::WatchId::kNone) return;
  const auto watch =
      loop.Watch(STDIN_FILENO, link::Interest::kRead, [this](link::Readiness) { ReadInput(); });
  if (watch) {
    watch_ = *watch;
  } else {
    input_ = Input::kFile;
  }
}

void RemoteShell::ReadInput() {
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(STDIN_FILENO, buffer.data(), std::min(buffer.size(), stream_.room()));
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    input_ = Input::kEnded;
    stream_.Close();
  } else {
    const std::string_view typed(buffer.data(), static_cast<std::size_t>(got));
    if (before_ && typed.find(kLeave) != std::string_view::npos) client_.Interrupt();
    stream_.Write(typed.substr(0, before_ ? typed.find(kLeave) : std::string_view::npos));
  }
  SendPieces();
  WatchInput();
}

// The first pieces may come before the worker knows of the shell: nothing hurries, all is repeated.
void RemoteShell::Tick() {
  const SteadyTime now = client_.loop().now().steady;
  const TerminalKind terminal = item_.terminal.empty() ? TerminalKind{} : OwnTerminal();
  const bool is_resized = terminal.rows != item_.rows || terminal.columns != item_.columns;
  item_.rows = terminal.rows;
  item_.columns = terminal.columns;
  const bool is_heard = stream_.has_heard();
  if (is_resized || !is_heard || now - nudged_at_ >= kNudgeInterval) {
    nudged_at_ = now;
    stream_.Nudge();
  }
  while (input_ == Input::kFile && stream_.room() > 0) ReadInput();
  SendPieces();
  WatchInput();
  tick_ = client_.loop().After(kTickInterval, [this] { Tick(); });
}

void RemoteShell::SendPieces() {
  while (auto piece = stream_.Next(client_.loop().now().steady)) {
    piece->rows = item_.rows;
    piece->columns = item_.columns;
    client_.SendStream(queue_, item_.stream, *piece);
  }
}

}  // namespace eris::cli
