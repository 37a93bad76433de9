#include "planner/deletion.h"

#include <algorithm>
#include <set>
#include <variant>
#include <vector>

namespace eris::planner {
namespace {

std::string NameOf(GenerationNumber number) { return "generation " + std::to_string(number.value); }

// Which generation a transaction needs, or may need, is told where its plan is made: one that is
// not planned and walks back by itself may need any.
Status CheckNeeds(GenerationNumber number, const NeededBy& other) {
  const auto* rollback = std::get_if<RollbackTo>(other.action);
  const bool walks_back = rollback != nullptr && !rollback->to && !other.base;
  const bool may_walk_back =
      walks_back || (std::holds_alternative<RetryTransaction>(*other.action) && !other.base);
  const bool goes_there = rollback != nullptr && rollback->to == number;
  if (!may_walk_back && !goes_there && other.base != number) return {};
  const std::string transaction = std::to_string(other.transaction.value);
  return Fail(ErrorCode::kConflict,
              "transaction " + transaction + " needs " + NameOf(number) + ", or may need it",
              "wait for its end (eris watch " + transaction + "), or end it (eris cancel " +
                  transaction + ")");
}

}  // namespace

Result<GenerationsDeleted> DeletionOf(const Submission& submission, GenerationNumber current,
                                      std::span<const NeededBy> open, JournalReader& journal) {
  const auto& asked = std::get<DeleteGenerations>(submission.action).generations;
  const std::set<GenerationNumber> numbers(asked.begin(), asked.end());
  if (numbers.empty()) return Fail(ErrorCode::kInvalid, "no generation is named");
  ERIS_ASSIGN(const std::vector<GenerationInfo> known, journal.LoadGenerations(submission.profile));
  GenerationsDeleted deleted{submission.profile, {}};
  for (const GenerationNumber number : numbers) {
    const auto info = std::find_if(
        known.begin(), known.end(),
        [number](const GenerationInfo& candidate) { return candidate.generation == number; });
    if (info == known.end()) {
      return Fail(ErrorCode::kNotFound,
                  "profile " + submission.profile.text + " has no " + NameOf(number),
                  "see `eris generations`");
    }
    if (number == current) {
      return Fail(ErrorCode::kInvalid, NameOf(number) + " is the current one: it stays",
                  "deploy something else first");
    }
    for (const NeededBy& other : open) ERIS_TRY(CheckNeeds(number, other));
    deleted.generations.push_back({number, info->transaction});
  }
  return deleted;
}

std::string DescribeDeletion(const GenerationsDeleted& deleted) {
  std::string text = deleted.generations.size() == 1 ? "deleted generation" : "deleted generations";
  for (std::size_t i = 0; i < deleted.generations.size(); ++i) {
    text += (i == 0 ? " " : ", ") + std::to_string(deleted.generations[i].generation.value);
  }
  return text;
}

}  // namespace eris::planner
