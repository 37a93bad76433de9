// SHA-256, HMAC-SHA-256, BLAKE2b and hexadecimal text. A library of its own (eris_digest, over
// libsodium), which works in a fully static program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schema/base/error.h"

namespace eris {

using Sha256Digest = std::array<std::uint8_t, 32>;

Sha256Digest Sha256(std::string_view data);

// The digest of a text that comes in pieces. How the text is cut does not matter: who needs fields
// kept apart frames them (length first).
class Sha256Hasher {
 public:
  Sha256Hasher();
  void Update(std::string_view data);
  // Ends the text; only once.
  Sha256Digest Finish();

 private:
  alignas(8) std::array<std::byte, 128> state_{};  // libsodium's, checked where it is used
};

// BLAKE2b (RFC 7693) of 32 bytes: several times as fast as SHA-256 where the processor does not
// help. For what is hashed with each item; whatever leaves Eris or meets Nix has SHA-256.
using Blake2bDigest = std::array<std::uint8_t, 32>;
Blake2bDigest Blake2b(std::string_view data);

// Keyed digest (RFC 2104): tells nothing about `data` to who lacks the key. Keys of any length.
Sha256Digest HmacSha256(std::span<const std::uint8_t> key, std::string_view data);

// Lower case, two digits a byte.
std::string Hex(std::span<const std::uint8_t> bytes);
std::string Hex(std::string_view bytes);

// The bytes of an even number of digits of either case; kInvalid otherwise.
Result<std::string> FromHex(std::string_view digits);

// Equality in a time that does not depend on the content.
bool EqualDigests(const Sha256Digest& a, const Sha256Digest& b);

}  // namespace eris
