// What clients bring into the planner's store: derivations and sources that it lacks of what they
// want deployed (design §9). They travel as submissions of their own before the one that needs
// them, so they wait in the broker's spool like any other while the planner is away; no transaction
// comes of them and the journal never sees them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/bulk/store_shelf.h"
#include "broker/link/loop.h"
#include "broker/link/piped_program.h"
#include "schema/base/log.h"
#include "schema/values/message.h"
#include "schema/values/submission.h"

namespace eris::planner {

// Whether these objects may be taken from a client: store paths that are named by their content,
// of a size that a store has room for. What they hold is looked at when they are taken in.
Status JudgeUpload(const std::vector<PackedObject>& objects);

// Owned by the daemon; uses loop and log, which outlive it.
//
// Invariants: (1) submissions come out in the order in which they came in, each after the uploads
// before it were taken in or refused; (2) what was taken in is rooted on disk before it is
// confirmed, and stays so for a day: by then a transaction protects it, or nobody wants it.
// Bounds: what waits was sent by the broker, within the quota of its spool; kQuestions.
class Uploads {
 public:
  struct Options {
    std::string roots_dir;                 // absolute; made when needed
    std::vector<std::string> environment;  // of Nix
  };
  struct Handlers {
    std::function<void(const Submission& submission)> on_submission;  // all others
    std::function<void(const SubmissionTaken& taken)> on_taken;       // of an upload
  };
  using Answer = std::function<void(Result<std::vector<StorePath>>)>;
  static constexpr std::size_t kQuestions = 64;  // that are not answered yet

  Uploads(Options options, link::Loop& loop, Log& log, Handlers handlers);
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  void Add(Submission submission);
  // The broker begins anew: it sends what waits again.
  void Clear();
  // Those of the paths that the store lacks.
  void Lacking(const std::vector<StorePath>& paths, Answer answer);
  // Now and then: lets go of what was asked for, and removes the roots of what came long ago.
  void KeepUp();

 private:
  class Import;

  std::unique_ptr<bulk::StoreShelf> MakeShelf();
  void TakeNext();
  void OnImported(Status status);
  void Root();
  void OnRooted(const Status& status);
  void End(const Status& status);

  Options options_;
  link::Loop& loop_;
  Log& log_;
  Handlers handlers_;
  // What was asked for stays in the store as long as these live.
  std::unique_ptr<bulk::StoreShelf> questions_;
  std::unique_ptr<bulk::StoreShelf> earlier_questions_;
  std::size_t asked_ = 0;
  std::deque<Submission> waiting_;  // the first one is being taken in while there is an import
  std::unique_ptr<Import> import_;
  std::deque<std::vector<std::string>> rooting_;  // the first one runs while there is a program
  std::unique_ptr<link::PipedProgram> program_;
  int tries_ = 0;
  link::TimerId later_;
};

}  // namespace eris::planner
