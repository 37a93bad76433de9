#include "schema/base/digest.h"

#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>

#include <new>

namespace eris {
namespace {

// Never null, as libsodium demands also where there is nothing.
const std::uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.empty() ? "" : text.data());
}

using State = crypto_hash_sha256_state;

State* AsState(std::byte* storage) { return std::launder(reinterpret_cast<State*>(storage)); }

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Sha256Digest Sha256(std::string_view data) {
  Sha256Digest digest;
  crypto_hash_sha256(digest.data(), Bytes(data), data.size());
  return digest;
}

Sha256Hasher::Sha256Hasher() {
  static_assert(sizeof(State) <= sizeof(state_) && alignof(State) <= 8);
  crypto_hash_sha256_init(new (state_.data()) State);
}

void Sha256Hasher::Update(std::string_view data) {
  crypto_hash_sha256_update(AsState(state_.data()), Bytes(data), data.size());
}

Sha256Digest Sha256Hasher::Finish() {
  Sha256Digest digest;
  crypto_hash_sha256_final(AsState(state_.data()), digest.data());
  return digest;
}

Blake2bDigest Blake2b(std::string_view data) {
  Blake2bDigest digest;
  crypto_generichash_blake2b(digest.data(), digest.size(), Bytes(data), data.size(), nullptr, 0);
  return digest;
}

Sha256Digest HmacSha256(std::span<const std::uint8_t> key, std::string_view data) {
  crypto_auth_hmacsha256_state state;
  const std::uint8_t nothing = 0;
  crypto_auth_hmacsha256_init(&state, key.empty() ? &nothing : key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, Bytes(data), data.size());
  Sha256Digest digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  return digest;
}

std::string Hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

std::string Hex(std::string_view bytes) { return Hex(std::span(Bytes(bytes), bytes.size())); }

Result<std::string> FromHex(std::string_view digits) {
  if (digits.size() % 2 != 0) {
    return Fail(ErrorCode::kInvalid, "hexadecimal text has an odd number of digits");
  }
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = DigitValue(digits[i]);
    const int low = DigitValue(digits[i + 1]);
    if (high < 0 || low < 0) {
      return Fail(ErrorCode::kInvalid, "hexadecimal text has a character that is no digit");
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

bool EqualDigests(const Sha256Digest& a, const Sha256Digest& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace eris
