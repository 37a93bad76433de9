// Secrets of properties: from a name to a value, and from captured output back to stars. Values
// exist only in the process that runs the module and in the module's environment.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"

namespace eris::dysnomia {

inline constexpr std::size_t kMaxSecretBytes = 64U << 10U;
inline constexpr std::string_view kMask = "********";

// Letters, digits and `._-` in parts separated by single slashes; no part begins with a dot.
bool IsSafeSecretName(std::string_view name);

// The content of DIR/NAME without one final newline. Symbolic links are followed as long as they
// stay below DIR. Errors name the secret, never its content.
Result<std::string> ReadSecret(const std::filesystem::path& dir, std::string_view name);

// Replaces secret values in text.
class Masker {
 public:
  // Remembers the value, and each line of a value of several lines, for a tool may print them one
  // by one.
  void Add(std::string_view secret);
  bool IsEmpty() const { return values_.empty(); }
  // The longest value: this many bytes at the end of a text that was cut off may be part of a
  // secret.
  std::size_t longest() const { return values_.empty() ? 0 : values_.front().size(); }
  std::string Mask(std::string_view text) const;

 private:
  std::vector<std::string> values_;  // longest first, so that a secret within a secret is no matter
};

}  // namespace eris::dysnomia
