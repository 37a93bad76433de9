// What a person does once the planner's disk is lost: a new planner has another journal, so all
// targets are asked what is there and told to serve it (`eris reconstruct --take-over`), and what
// they say becomes the first generation. Asks again until all of them have answered.
#pragma once

#include <cstdint>
#include <map>

#include "planner/models/reconstruct.h"
#include "schema/values/event.h"
#include "schema/values/manifest.h"
#include "tests/sim/client.h"
#include "tests/sim/process.h"

namespace eris::sim {

class Reconstruction {
 public:
  // `targets`: as the infrastructure model says them.
  Reconstruction(Context& context, Client& client, std::map<TargetName, Target> targets);

  // Once a second, from when the new planner was started until it is done.
  void Tick();
  bool done() const { return stage_ == Stage::kDone; }
  // Of the new journal.
  void OnJournaled(const Event& event);

 private:
  enum class Stage : std::uint8_t { kBegins, kAsks, kAdopts, kDone };

  void Ask();
  void Adopt();
  void Finish();
  SubmissionId NameOf(const char* what) const;

  Context& context_;
  Client& client_;
  std::map<TargetName, Target> targets_;
  Stage stage_ = Stage::kBegins;
  std::uint64_t tries_ = 0;
  Plan plan_;  // of the question
  TransactionId question_;
  std::map<TargetName, TargetEvidence> evidence_;
};

}  // namespace eris::sim
