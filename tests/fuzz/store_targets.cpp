// What comes into a Nix store from outside: archives, derivations, names, compressed chunks.
#include <algorithm>
#include <array>
#include <string>

#include "broker/bulk/chunk.h"
#include "state/derivation.h"
#include "state/nar.h"
#include "state/store_path.h"
#include "tests/fuzz/targets.h"

namespace eris::fuzz {
namespace {

// Cut anywhere: where depends on the input.
void Archive(std::string_view bytes) {
  NarChecker checker;
  const std::size_t step = 1 + bytes.size() % 61;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (!checker.Update(bytes.substr(at, step))) return;
  }
  static_cast<void>(checker.Finish({.name = "/nix/store/x", .bytes = bytes.size()}));
}

void DerivationFile(std::string_view text) { static_cast<void>(ParseDerivation(text)); }

// Two lines: a name and a content address; what follows are references.
void Names(std::string_view text) {
  ObjectInfo object;
  std::size_t line = 0;
  while (!text.empty() && line < 64) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string one(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line == 0) object.name = one;
    if (line == 1) object.content_address = one;
    if (line > 1) object.references.emplace_back(one);
    ++line;
  }
  static_cast<void>(ParseStorePath(object.name));
  static_cast<void>(CheckContentAddress(object));
}

void CompressedChunk(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto size = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[0])) << 11U;
  bulk::ChunkOpener opener;
  static_cast<void>(
      opener.Open({.raw_bytes = size, .encoding = BulkChunk::Encoding::kZstd}, bytes.substr(1)));
}

}  // namespace

void StoreObjects(std::string_view input) {
  static constexpr std::array<void (*)(std::string_view), 4> kReaders = {Archive, DerivationFile,
                                                                         Names, CompressedChunk};
  if (input.empty()) return;
  kReaders[static_cast<unsigned char>(input.front()) % kReaders.size()](input.substr(1));
}

}  // namespace eris::fuzz
