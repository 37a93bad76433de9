// The person's side of a shell beside a service: this process' terminal, or its standard input and
// output, and the stream to the worker. What is typed goes there as it is, Ctrl-C too; Ctrl-]
// leaves.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>

#include "broker/link/loop.h"
#include "broker/link/stream_end.h"
#include "planner/cli/client.h"
#include "schema/values/work_item.h"

namespace eris::cli {

// The terminal that standard input and output are; none when one of them is something else.
struct TerminalKind {
  std::string name;  // as terminfo calls it; empty = there is none
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
};
TerminalKind OwnTerminal();

// Owned by the command; runs while the client's loop turns. While it lives a terminal is in raw
// mode, and what the client hears of streams goes here.
class RemoteShell {
 public:
  // `queue` is that of the target; the client outlives this. Ctrl-] interrupts the client.
  RemoteShell(Client& client, std::string queue, const DiagnoseItem& item);
  // Tells the worker that the person has left.
  ~RemoteShell();
  RemoteShell(const RemoteShell&) = delete;
  RemoteShell& operator=(const RemoteShell&) = delete;

 private:
  void OnPiece(const StreamPiece& piece);
  void ReadInput();
  void Tick();
  void SendPieces();
  void WatchInput();

  Client& client_;
  std::string queue_;
  DiagnoseItem item_;
  link::StreamEnd stream_;
  std::optional<termios> before_;  // of the terminal
  enum class Input : std::uint8_t { kWatched, kFile, kEnded } input_ = Input::kWatched;
  link::WatchId watch_ = link::WatchId::kNone;
  link::TimerId tick_;
  SteadyTime nudged_at_;
};

}  // namespace eris::cli
