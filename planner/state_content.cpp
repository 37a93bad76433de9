#include "planner/state_content.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "planner/doubt.h"
#include "planner/plan/state_operation.h"

namespace eris::planner {
namespace {

using StateJob = StateOperation::Job;

constexpr std::size_t kManifestsRead = 100;
constexpr std::uint32_t kTransactionsRead = 1'000;

// What may be up or down can be neither read nor filled in peace.
Status CheckDoubts(const ProfileName& profile, GenerationNumber current, JournalReader& journal) {
  ERIS_ASSIGN(const std::vector<GivenUp> all, GivenUpSince(profile, current, journal));
  if (all.empty()) return {};
  return Fail(ErrorCode::kInvalid,
              "transaction " + std::to_string(all.back().transaction.value) +
                  " was given up: what runs is in doubt",
              "deploy first: that puts it right");
}

// Newest first, without the one that runs.
Result<std::vector<Manifest>> EarlierManifests(const ProfileName& profile, GenerationNumber current,
                                               JournalReader& journal) {
  ERIS_ASSIGN(const std::vector<GenerationInfo> generations, journal.LoadGenerations(profile));
  std::vector<Manifest> earlier;
  for (auto info = generations.rbegin(); info != generations.rend(); ++info) {
    if (info->generation == current) continue;
    if (earlier.size() == kManifestsRead) break;
    ERIS_ASSIGN(earlier.emplace_back(), journal.LoadManifest(profile, info->generation));
  }
  return earlier;
}

Result<GenerationNumber> GenerationToMigrateFrom(const ProfileName& profile,
                                                 const StateOperation& operation,
                                                 GenerationNumber current, JournalReader& journal) {
  if (operation.generation) return operation.generation;
  ERIS_ASSIGN(const std::vector<GenerationInfo> generations, journal.LoadGenerations(profile));
  GenerationNumber newest;
  for (const GenerationInfo& info : generations) {
    if (info.generation < current) newest = std::max(newest, info.generation);
  }
  if (newest) return newest;
  return Fail(ErrorCode::kNotFound, "there is no generation before the one that runs",
              "nothing was left behind");
}

// A state that has come along is newer than what was left: it would be overwritten with what its
// users have long gone on from.
Status CheckNothingNewer(const Plan& plan, const ProfileName& profile, GenerationNumber since,
                         JournalReader& journal) {
  const std::vector<StatePlace> places = RestoredPlaces(plan);
  ERIS_ASSIGN(const std::vector<TransactionStatus> newest_first,
              journal.LoadTransactions({.limit = kTransactionsRead, .profile = profile}));
  for (const TransactionStatus& status : newest_first) {
    if (status.generation == since) break;
    const bool is_done = status.result == TransactionResult::kCommitted ||
                         status.result == TransactionResult::kCommittedStillLocked;
    if (!is_done) continue;
    const Result<Plan> done = journal.LoadPlan(status.transaction);
    if (!done) continue;  // retention has taken it
    const std::vector<StatePlace> restored = RestoredPlaces(*done);
    for (const StatePlace& place : places) {
      if (!std::binary_search(restored.begin(), restored.end(), place)) continue;
      return Fail(ErrorCode::kInvalid,
                  "the state of " + place.component.text + " in " + place.container.text + " on " +
                      place.target.text + " has come along already, with transaction " +
                      std::to_string(status.transaction.value),
                  "to overwrite what it has become since: --again");
    }
  }
  return {};
}

}  // namespace

Result<Plan> PlanStateWork(const Submission& submission, const StateOperation& operation,
                           GenerationNumber current, JournalReader& journal) {
  const ProfileName& profile = submission.profile;
  if (!current) {
    return Fail(ErrorCode::kNotFound,
                "profile " + profile.text + " has no generation, so no state");
  }
  ERIS_ASSIGN(const Manifest manifest, journal.LoadManifest(profile, current));
  StateOperation exact = operation;
  std::vector<Manifest> earlier;
  if (operation.job != StateJob::kSnapshot) ERIS_TRY(CheckDoubts(profile, current, journal));
  if (operation.job == StateJob::kDelete) {
    ERIS_ASSIGN(earlier, EarlierManifests(profile, current, journal));
  } else if (operation.job == StateJob::kMigrate) {
    ERIS_ASSIGN(exact.generation, GenerationToMigrateFrom(profile, operation, current, journal));
    ERIS_ASSIGN(earlier.emplace_back(), journal.LoadManifest(profile, exact.generation));
  }
  StateOperationInput input{.profile = profile,
                            .base_generation = current,
                            .manifest = manifest,
                            .operation = exact,
                            .state_from = submission.options.state_from};
  for (const Manifest& one : earlier) input.earlier.push_back(&one);
  ERIS_ASSIGN(Plan plan, PlanStateOperation(input));
  if (operation.job == StateJob::kMigrate && !operation.again) {
    ERIS_TRY(CheckNothingNewer(plan, profile, exact.generation, journal));
  }
  return plan;
}

}  // namespace eris::planner
