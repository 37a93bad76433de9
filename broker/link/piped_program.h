// A child process whose standard input and output are pipes that the loop watches: bytes stream
// through it without a file in between and without blocking anybody. What they mean is its owner's
// business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/error.h"
#include "schema/base/process.h"
#include "schema/base/unique_fd.h"

namespace eris::link {

struct PipedProgramHandlers {
  std::function<void(std::string_view bytes)> on_output;
  std::function<void()> on_room;  // Backlog() has become 0 again
  // Once, after the last output: success for exit status 0, else why, with its last line of error
  // output.
  std::function<void(Status)> on_end;
};

// Owned by its user; uses the loop that outlives it. Destroying it kills the program's session; not
// to be destroyed from within one of its handlers.
class PipedProgram {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::vector<std::string> environment;
  };
  static Result<std::unique_ptr<PipedProgram>> Start(Loop& loop, const Options& options,
                                                     PipedProgramHandlers handlers);
  ~PipedProgram();
  PipedProgram(const PipedProgram&) = delete;
  PipedProgram& operator=(const PipedProgram&) = delete;

  // Never blocks: what the pipe does not take waits here. Callers stop while Backlog() is large.
  // Dropped once the program has closed its input.
  void Write(std::string_view bytes);
  std::size_t Backlog() const { return backlog_.size() - written_; }
  // End of file for the program, after what waits.
  void CloseInput();
  // No on_output until Resume; the program waits once the pipe is full.
  void Pause();
  void Resume();

 private:
  PipedProgram(Loop& loop, PipedProgramHandlers handlers);
  Status Spawn(const Options& options);
  void Flush();
  void WatchInput();
  void ReadOutput();
  void ReadErrors();
  void OnExit();
  void EndIfOver();

  Loop& loop_;
  PipedProgramHandlers handlers_;
  std::string name_;
  Child child_;
  UniqueFd input_;
  UniqueFd output_;
  UniqueFd errors_;
  WatchId input_watch_ = WatchId::kNone;
  WatchId output_watch_ = WatchId::kNone;
  WatchId errors_watch_ = WatchId::kNone;
  WatchId exit_watch_ = WatchId::kNone;
  std::string backlog_;
  std::size_t written_ = 0;  // of the backlog
  bool close_input_ = false;
  bool paused_ = false;
  std::string error_tail_;
  ExitStatus exit_;
  std::vector<char> buffer_;
};

}  // namespace eris::link
