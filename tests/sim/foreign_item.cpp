#include "tests/sim/foreign_item.h"

#include <iterator>
#include <utility>

#include "schema/codec/codec.h"
#include "schema/values/work_item.h"

namespace eris::sim {
namespace {

// No plan of a simulated deployment is that long.
constexpr std::uint32_t kUnknownIndex = 100'000;
constexpr std::uint16_t kLastAttempt = 3;

using Attempts = std::map<Grade, LedgerAttempt>;

Message DeliveryOf(const ItemId& id, Epoch epoch) {
  const WorkItem item{.id = id,
                      .epoch = epoch,
                      .low_water = {},
                      .deadline_ms = 1'000,
                      .body_hash = 0,
                      .body = QueryItem{ProfileName("foreign")},
                      .depot = {}};
  HashedItem hashed = EncodeHashed(item);
  return {.header = {.kind = MessageKind::kDeliver,
                     .item = id,
                     .epoch = epoch,
                     .body_hash = hashed.body_hash},
          .body = std::move(hashed.bytes)};
}

std::optional<Grade> MissingBelow(const Attempts& attempts) {
  const Grade highest = attempts.rbegin()->first;
  for (std::uint16_t attempt = 1; attempt <= kLastAttempt; ++attempt) {
    const Grade grade{Direction::kForward, attempt};
    if (grade < highest && !attempts.contains(grade)) return grade;
  }
  return std::nullopt;
}

std::optional<Message> UnderOldEpoch(const LedgerState& ledger) {
  if (ledger.epoch.value < 2) return std::nullopt;
  StepId step = ledger.steps.rbegin()->first;
  step.index = {kUnknownIndex};
  return DeliveryOf({step, {Direction::kForward, 1}}, {ledger.epoch.value - 1});
}

std::optional<Message> OfLowerGrade(const LedgerState& ledger) {
  for (const auto& [step, attempts] : ledger.steps) {
    if (const std::optional<Grade> grade = MissingBelow(attempts)) {
      return DeliveryOf({step, *grade}, ledger.epoch);
    }
  }
  return std::nullopt;
}

std::optional<Message> WithOtherBody(const LedgerState& ledger) {
  for (const auto& [step, attempts] : ledger.steps) {
    const auto& [grade, attempt] = *attempts.rbegin();
    if (attempt.outcome) return DeliveryOf({step, grade}, ledger.epoch);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Message> ForeignPlanner::NextItem(const LedgerState& ledger) {
  if (!ledger.journal || ledger.steps.empty()) return std::nullopt;
  switch (calls_++ % 3) {
    case 0:
      return UnderOldEpoch(ledger);
    case 1:
      return OfLowerGrade(ledger);
    default:
      return WithOtherBody(ledger);
  }
}

}  // namespace eris::sim
