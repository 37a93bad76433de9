// Runs programs beside the loop, one command after another, with their output in files: for what
// Nix does on behalf of an item. Unlike attempts these end with the worker and may be run again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/error.h"
#include "schema/base/process.h"

namespace eris {

// What a sequence of commands came to.
struct CommandsResult {
  bool success = false;     // every command exited with 0
  std::string stdout_text;  // of all commands, in order
  std::string stderr_tail;  // of the last one that was run; see Commands::tail_bytes
  std::string failure;      // one line; empty on success
};

// Owned by its user; uses the loop that outlives it. Destroying it kills what runs.
class CommandRunner {
 public:
  using Done = std::function<void(CommandsResult)>;
  enum class Id : std::uint64_t {};
  struct Commands {
    std::vector<std::vector<std::string>> argvs;  // run in this order, until one fails
    std::vector<std::string> environment;
    Duration limit{0};                              // of the whole sequence; 0 = none
    std::size_t tail_bytes = std::size_t{8} << 10;  // of the standard error that are kept
  };

  // Output files are made in `work_dir`, which exists.
  CommandRunner(std::filesystem::path work_dir, link::Loop& loop)
      : work_dir_(std::move(work_dir)), loop_(loop) {}
  ~CommandRunner();
  CommandRunner(const CommandRunner&) = delete;
  CommandRunner& operator=(const CommandRunner&) = delete;

  // `done` is called once, from the loop, never from within Run.
  Id Run(Commands commands, Done done);
  // Ends a sequence; its completion follows. Unknown ids are ignored.
  void Stop(Id id);

 private:
  struct Running {
    Commands commands;
    Done done;
    std::size_t next = 0;
    Child child;
    link::WatchId watch = link::WatchId::kNone;
    link::TimerId limit;
    CommandsResult result;
    std::string stopped;  // why it was ended early; empty when it was not
  };

  std::filesystem::path FileOf(Id id, const char* stream) const;
  void Next(Id id);
  void OnEnd(Id id);
  void Finish(Id id);

  std::filesystem::path work_dir_;
  link::Loop& loop_;
  std::map<Id, Running> running_;
  std::uint64_t last_id_ = 0;
};

}  // namespace eris
