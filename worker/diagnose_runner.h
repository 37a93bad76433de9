// Shells beside services, each with a person at the other end of a stream (`eris diagnose`). Owns
// the terminals and the processes; who may have one is the broker's to say (design §9).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "broker/link/loop.h"
#include "broker/link/stream_end.h"
#include "schema/base/log.h"
#include "schema/base/process.h"
#include "schema/base/unique_fd.h"
#include "schema/values/message.h"
#include "schema/values/work_item.h"

namespace eris {

// Owned by the executor; uses the loop that outlives it. Unlike activities a shell ends with the
// worker, and with the silence of its person: destroying this hangs up on all of them.
//
// Invariants: (1) nothing is started before the person's first piece has come; (2) a stream listens
// to the key that spoke first on it alone; (3) a shell whose person is silent for kPatience is
// ended.
class DiagnoseRunner {
 public:
  struct Options {
    std::filesystem::path dysnomia;     // the program
    std::filesystem::path state_dir;    // DYSNOMIA_STATEDIR
    std::filesystem::path secrets_dir;  // as in ActivityRunnerOptions
  };
  using Done = std::function<void(Outcome)>;
  using Send = std::function<void(Message)>;

  static constexpr Duration kPatience{30'000};
  static constexpr std::size_t kMostShells = 32;  // at a time; one more fails

  DiagnoseRunner(Options options, link::Loop& loop, Log& log, Send send);
  ~DiagnoseRunner();
  DiagnoseRunner(const DiagnoseRunner&) = delete;
  DiagnoseRunner& operator=(const DiagnoseRunner&) = delete;

  // `activity` is of the component that the item names. `done` is called once, from the loop, never
  // from within Start: with the exit status when the shell has ended and its person knows.
  void Start(const ItemId& id, const DiagnoseItem& item, const Activity& activity, Done done);
  // Hangs up; its completion follows. Unknown ids are ignored.
  void Stop(const ItemId& id);
  // A piece of some person's stream. Those of unknown streams are ignored.
  void OnStream(const Message& message);

 private:
  struct Shell;

  void Begin(Shell& shell);
  Status Spawn(Shell& shell);
  void Pump(Shell& shell);
  void WriteInput(Shell& shell);
  void ReadOutput(Shell& shell);
  void SendPieces(Shell& shell);
  void Watch(Shell& shell);
  void OnChildEnd(Shell& shell);
  void Tick(std::uint64_t stream);
  void Resize(Shell& shell, const StreamPiece& piece);
  void HangUp(Shell& shell, Outcome outcome);
  void FinishWhenOver(const Shell& shell);
  void Release(Shell& shell);
  void Finish(std::uint64_t stream, Outcome outcome);

  Options options_;
  link::Loop& loop_;
  Log& log_;
  Send send_;
  std::map<std::uint64_t, std::unique_ptr<Shell>> shells_;  // by stream
};

}  // namespace eris
