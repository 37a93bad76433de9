#include "tests/sim/plants.h"

#include <algorithm>

namespace eris::sim {

const std::vector<std::string_view>& PlantNames() {
  static const std::vector<std::string_view> kNames = {"none",
                                                       "skip-ledger-sync",
                                                       "skip-journal-sync",
                                                       "skip-spool-sync",
                                                       "run-again",
                                                       "report-early",
                                                       "skip-unlock",
                                                       "skip-restore",
                                                       "send-before-append",
                                                       "ignore-epoch",
                                                       "ignore-grade",
                                                       "answer-other-body",
                                                       "forget-lease",
                                                       "run-duplicate",
                                                       "roll-back-in-order",
                                                       "unlock-too-little",
                                                       "drop-root",
                                                       "settle-by-late-outcome",
                                                       "trust-receipt",
                                                       "snapshot-early",
                                                       "forget-superseded",
                                                       "ignore-events",
                                                       "delete-early",
                                                       "overfill-lane",
                                                       "ignore-edges"};
  return kNames;
}

std::optional<Plant> ParsePlant(std::string_view name) {
  const auto found = std::find(PlantNames().begin(), PlantNames().end(), name);
  if (found == PlantNames().end()) return std::nullopt;
  return static_cast<Plant>(found - PlantNames().begin());
}

std::optional<Bug> BugOf(Plant plant) {
  if (plant < Plant::kSendBeforeAppend) return std::nullopt;
  const auto offset =
      static_cast<std::uint8_t>(plant) - static_cast<std::uint8_t>(Plant::kSendBeforeAppend);
  return static_cast<Bug>(offset);
}

}  // namespace eris::sim
