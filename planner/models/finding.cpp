#include "planner/models/finding.h"

namespace eris {

std::string ToString(const Finding& finding) {
  std::string line;
  if (!finding.position.empty()) line += finding.position + ": ";
  line += finding.model + " model";
  if (!finding.path.empty()) line += ", " + finding.path;
  return line + ": " + finding.message;
}

}  // namespace eris
