// Key pairs on disk. The set of keys that a server admits is another file (state/keyring).
//
//   # Eris key pair. Whoever reads this file can act in its owner's name.
//   public KEY
//   secret KEY
//
// KEY is 40 characters of Z85; lines that begin with `#` and empty lines mean nothing.
#pragma once

#include <string>

#include "broker/link/curve.h"
#include "schema/base/error.h"

namespace eris::link {

// Writes the file (mode 0600) atomically and synced. kConflict if it exists: a key is never
// replaced by accident.
Status WriteKeyFile(const std::string& path, const CurveKeys& keys);

// kNotFound; kInvalid when the group or others may access the file, when it is malformed, or when
// its public key is not that of its secret key.
Result<CurveKeys> ReadKeyFile(const std::string& path);

// What a daemon does at its first start: reads the file, or makes keys and writes it.
Result<CurveKeys> ReadOrMakeKeyFile(const std::string& path);

}  // namespace eris::link
