#include "broker/link/curve.h"

#include <zmq.h>

#include <cstring>
#include <utility>

#include "schema/base/check.h"

namespace eris::link {
namespace {

using KeyBytes = std::array<std::uint8_t, kKeyBytes>;
using KeyText = std::array<char, kKeyTextChars + 1>;

// Text that holds a secret is wiped when it goes.
struct SecretText {
  KeyText chars{};
  SecretText() = default;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText() { explicit_bzero(chars.data(), chars.size()); }
};

struct SecretBytes {
  KeyBytes bytes{};
  SecretBytes() = default;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { explicit_bzero(bytes.data(), bytes.size()); }
};

bool DecodeKey(std::string_view text, KeyBytes& bytes) {
  if (text.size() != kKeyTextChars || text.find('\0') != std::string_view::npos) return false;
  SecretText terminated;
  text.copy(terminated.chars.data(), kKeyTextChars);
  return zmq_z85_decode(bytes.data(), terminated.chars.data()) != nullptr;
}

void EncodeKey(std::span<const std::uint8_t, kKeyBytes> bytes, KeyText& text) {
  ERIS_CHECK(zmq_z85_encode(text.data(), bytes.data(), bytes.size()) != nullptr,
             "32 bytes have a text");
}

}  // namespace

Result<PublicKey> PublicKey::FromText(std::string_view text) {
  PublicKey key;
  if (!DecodeKey(text, key.bytes)) {
    return Fail(ErrorCode::kInvalid, "not a public key (40 characters of Z85)");
  }
  return key;
}

std::string PublicKey::ToText() const {
  KeyText text{};
  EncodeKey(bytes, text);
  return text.data();
}

SecretKey::SecretKey(std::span<const std::uint8_t, kKeyBytes> bytes) {
  std::memcpy(bytes_.data(), bytes.data(), kKeyBytes);
}

SecretKey::~SecretKey() { explicit_bzero(bytes_.data(), bytes_.size()); }

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {
  explicit_bzero(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    explicit_bzero(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

void SecretKey::AppendText(std::string& text) const {
  ERIS_CHECK(text.capacity() - text.size() >= kKeyTextChars, "a secret is not copied about");
  SecretText secret;
  EncodeKey(bytes_, secret.chars);
  text.append(secret.chars.data(), kKeyTextChars);
}

Result<CurveKeys> KeysFromSecretText(std::string_view text) {
  SecretBytes secret;
  SecretText terminated;
  if (!DecodeKey(text, secret.bytes)) {
    return Fail(ErrorCode::kInvalid, "not a secret key (40 characters of Z85)");
  }
  text.copy(terminated.chars.data(), kKeyTextChars);
  KeyText public_text{};
  ERIS_CHECK(zmq_curve_public(public_text.data(), terminated.chars.data()) == 0,
             "every 32 bytes are a secret key");
  ERIS_ASSIGN(const PublicKey public_key, PublicKey::FromText({public_text.data(), kKeyTextChars}));
  return CurveKeys{public_key, SecretKey(secret.bytes)};
}

Result<CurveKeys> GenerateKeys() {
  KeyText public_text{};
  SecretText secret_text;
  do {
    if (zmq_curve_keypair(public_text.data(), secret_text.chars.data()) != 0) {
      return Fail(ErrorCode::kInternal, "libzmq is built without CURVE");
    }
  } while (public_text[0] == '-');
  return KeysFromSecretText({secret_text.chars.data(), kKeyTextChars});
}

}  // namespace eris::link

std::size_t std::hash<eris::link::PublicKey>::operator()(
    const eris::link::PublicKey& key) const noexcept {
  std::size_t value = 0;
  std::memcpy(&value, key.bytes.data(), sizeof value);
  return value;
}
