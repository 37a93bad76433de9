// Names of store paths and what they promise. A content-addressed path (a derivation, a source, a
// fixed output) is a function of its content: here it is computed anew, so that nobody can put
// other content under its name. Pure. After the Nix manual, "Complete Store Path Calculation".
#pragma once

#include <string>
#include <string_view>

#include "schema/base/digest.h"
#include "schema/base/error.h"
#include "schema/values/depot.h"
#include "schema/values/ids.h"

namespace eris {

// DIRECTORY/HASH-NAME, taken apart. Views into the text.
struct StorePathParts {
  std::string_view directory;
  std::string_view hash;  // 32 characters of Nix' base 32
  std::string_view name;
};
// kInvalid for whatever Nix would not take as a store path: the one gate for paths from outside.
Result<StorePathParts> ParseStorePath(std::string_view path);

// Nix' base 32: digits without e, o, t, u; the last bits first.
std::string Nix32(std::string_view bytes);
Result<std::string> FromNix32(std::string_view text);

// "sha256:TEXT" or TEXT, in base 32 or hexadecimal.
Result<std::string> ParseSha256(std::string_view text);

// The path that content of this kind has; content_address as Nix writes it: "text:sha256:…" (a
// derivation or a text), "fixed:r:sha256:…" (a source), "fixed:sha256:…" (a file that was fetched).
// kInvalid for anything else, and when it cannot have such references.
Result<std::string> ContentAddressedPath(const ObjectInfo& object);

// Success when `object` is content-addressed and has the name that its content address demands.
// What its bytes must be follows from the content address: see NarChecker.
Status CheckContentAddress(const ObjectInfo& object);

}  // namespace eris
