// CURVE keys: their types and their text. Which key may do what is decided elsewhere
// (state/keyring through zap.h).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "schema/base/error.h"

namespace eris::link {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kKeyTextChars = 40;  // Z85, ZeroMQ RFC 32

// Who a peer is. Its text (Z85) is what people copy, what the keyring lists and the ZAP user id.
struct PublicKey {
  std::array<std::uint8_t, kKeyBytes> bytes{};

  auto operator<=>(const PublicKey&) const = default;

  static Result<PublicKey> FromText(std::string_view text);
  std::string ToText() const;
};

// What must never be printed, logged or put into a command line. Moves only; its memory is wiped
// when it is moved from or destroyed.
class SecretKey {
 public:
  explicit SecretKey(std::span<const std::uint8_t, kKeyBytes> bytes);
  ~SecretKey();
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;

  std::span<const std::uint8_t, kKeyBytes> bytes() const { return bytes_; }
  // For the key file alone. Precondition: `text` has room for it (kKeyTextChars), so that no copy
  // is left behind.
  void AppendText(std::string& text) const;

 private:
  std::array<std::uint8_t, kKeyBytes> bytes_{};
};

struct CurveKeys {
  PublicKey public_key;
  SecretKey secret_key;
};

// A fresh key pair (libsodium's generator). Its public text never begins like an option of a
// command ('-' is a digit of Z85).
Result<CurveKeys> GenerateKeys();

// The pair that a secret key (Z85) belongs to.
Result<CurveKeys> KeysFromSecretText(std::string_view text);

}  // namespace eris::link

// Public keys are random bits: any eight of them are a hash. A peer chooses its key, but can only
// collide with it inside a table that holds authorised keys.
template <>
struct std::hash<eris::link::PublicKey> {
  std::size_t operator()(const eris::link::PublicKey& key) const noexcept;
};
