// One thing that is wrong (or doubtful) in a model. Findings are data: all of them are shown, not
// the first only, each as two lines: what and where, and what to do.
#pragma once

#include <string>
#include <vector>

namespace eris {

struct Finding {
  std::string model;     // "services", "infrastructure" or "distribution"
  std::string path;      // of attributes: "api.dependsOn.db"; empty = the model as a whole
  std::string position;  // "FILE:LINE"; empty where Nix does not know it
  std::string message;   // one line, without a final stop
  std::string fix;       // one line

  auto operator<=>(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

// "POSITION: MODEL model, PATH: MESSAGE", the first of the two lines.
std::string ToString(const Finding& finding);

}  // namespace eris
