// NarChecker: looks at a NAR (Nix' archive of one path) as it streams by, in constant memory, and
// says whether it is one and what it holds. It writes nothing. After the format of the Nix manual
// ("Nix Archive"): strings are a 64-bit length, bytes, zeros up to a multiple of 8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/digest.h"
#include "schema/base/error.h"
#include "schema/values/depot.h"

namespace eris {

// Owned by whoever receives; one use. After a failure it stays failed.
class NarChecker {
 public:
  NarChecker() = default;

  // The next bytes, cut anywhere. kInvalid: it is no NAR, a name in it is "", ".", "..", has a '/'
  // or a NUL, entries are not in strictly ascending order, or it is nested too deeply.
  Status Update(std::string_view bytes);
  // After the last byte. kInvalid: it is cut off, or its size, hash or content address is not what
  // `object` says.
  Status Finish(const ObjectInfo& object);

 private:
  enum class Expect : std::uint8_t {
    kMagic,
    kNodeOpen,
    kType,
    kTypeName,
    kRegular,     // "executable", "contents" or ")"
    kExecutable,  // the empty text after it
    kContents,    // the bytes
    kAfterBytes,  // ")"
    kTarget,      // "target"
    kTargetText,
    kAfterTarget,  // ")"
    kEntry,        // "entry" or ")"
    kEntryOpen,
    kName,  // "name"
    kNameText,
    kNode,  // "node"
    kEntryClose,
    kEnd,
  };

  Status Word();
  Status Text();
  Status TakeToken(std::string_view token);
  Status CloseNode();
  Status EntryName(std::string_view name);
  std::size_t MaxLength() const;

  Expect expect_ = Expect::kMagic;
  std::vector<std::string> last_names_;  // of the open directories
  Sha256Hasher whole_;
  Sha256Hasher flat_;
  std::uint64_t bytes_ = 0;
  bool is_flat_ = false;  // the whole is one regular file that is not executable
  bool is_executable_ = false;

  std::string pending_;  // of a length word, or of a short text
  bool in_text_ = false;
  bool streaming_ = false;           // the text is the content of a file
  std::uint64_t left_ = 0;           // of the text
  std::uint64_t padding_after_ = 0;  // of this text
  std::uint64_t padding_ = 0;        // to come now
  bool failed_ = false;
};

}  // namespace eris
