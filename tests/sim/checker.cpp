#include "tests/sim/checker.h"

namespace eris::sim {

void Verdicts::Report(std::string_view checker, const std::string& what) {
  const std::string said = std::string(checker) + ": " + what;
  if (!known_.insert(said).second) return;
  timeline_.Note("CHECK", said);
  all_.push_back("at " + std::to_string(timeline_.now().steady.ms) + " ms, " + said);
}

}  // namespace eris::sim
