// The conversation with `nix-store --serve`: one Nix process that answers any number of questions
// over its standard input and output, and lets store paths stream in and out. Pure: bytes come in,
// bytes go out by a function that is handed in; who owns the pipes is another matter
// (broker/bulk/store_process.h). Protocol 2.7, of Nix 2.8 and later.
//
// Why not `--export` and `--import`: those hold a whole path in memory, and cost a process each.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"

namespace eris {

// The program; `extra_substituters` are asked for paths before those of nix.conf.
std::vector<std::string> ServeCommand(const std::vector<std::string>& extra_substituters = {});

struct ValidPathsQuestion {
  std::vector<StorePath> paths;
  // Those that are valid (and those that become so) are safe from the garbage collector until the
  // process ends, even before they exist.
  bool keep = false;
  bool substitute = false;  // fetch what the configured substituters have first
};

// Owned by whoever owns the process. Answers come in the order of the questions, from OnOutput.
// Any failure ends the process: all open questions are then answered with its error, and later ones
// at once. Not to be destroyed from within an answer.
//
// Precondition of every question: no Add is between BeginAdd and EndAdd.
class NixServe {
 public:
  using Write = std::function<void(std::string_view bytes)>;
  template <typename Value>
  using Answer = std::function<void(Result<Value>)>;

  // Writes the greeting at once.
  explicit NixServe(Write write);
  ~NixServe();
  NixServe(const NixServe&) = delete;
  NixServe& operator=(const NixServe&) = delete;

  void OnOutput(std::string_view bytes);
  void OnEnd(const Error& why);

  void QueryValid(const ValidPathsQuestion& question, Answer<std::vector<StorePath>> answer);
  // The closures of the paths, unsorted. All must be valid.
  void QueryClosure(const std::vector<StorePath>& paths, Answer<std::vector<StorePath>> answer);
  // What is known of the valid ones among the paths.
  void QueryInfos(const std::vector<StorePath>& paths, Answer<std::vector<ObjectInfo>> answer);
  // The path's NAR in pieces, then the end.
  void Dump(const ObjectInfo& object, std::function<void(std::string_view)> on_bytes,
            std::function<void(Status)> on_end);

  // Registers a path: begin, its NAR in any pieces, end. Nix holds the bytes against `object`
  // itself. A path that is valid already is left as it is.
  void BeginAdd(const ObjectInfo& object);
  void AddBytes(std::string_view bytes) { write_(bytes); }
  void EndAdd(std::function<void(Status)> on_end);

  // Nothing waits for an answer.
  bool idle() const { return expected_.empty(); }

  class Expected;  // one answer to come

 private:
  void Expect(std::unique_ptr<Expected> answer);

  Write write_;
  std::deque<std::unique_ptr<Expected>> expected_;
  std::string buffer_;            // what came and is not a whole answer yet
  std::optional<Error> failure_;  // why nothing more will come
};

}  // namespace eris
