#include "state/store_path.h"

#include <algorithm>
#include <vector>

namespace eris {
namespace {

constexpr std::string_view kDigits = "0123456789abcdfghijklmnpqrsvwxyz";
constexpr std::size_t kHashChars = 32;
constexpr std::size_t kHashBytes = 20;
constexpr std::size_t kMaxNameChars = 211;
constexpr std::size_t kSha256Bytes = 32;

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("+-._?=").find(c) != std::string_view::npos;
}

// A digest folded to 20 bytes by exclusive or.
std::string Compressed(const Sha256Digest& digest) {
  std::string folded(kHashBytes, '\0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    folded[i % kHashBytes] =
        static_cast<char>(folded[i % kHashBytes] ^ static_cast<char>(digest[i]));
  }
  return folded;
}

std::string MakePath(std::string_view type, const std::string& digest_hex,
                     const StorePathParts& parts) {
  std::string text(type);
  text += ":sha256:" + digest_hex + ":";
  text.append(parts.directory).append(":").append(parts.name);
  std::string path(parts.directory);
  path += "/" + Nix32(Compressed(Sha256(text))) + "-";
  path.append(parts.name);
  return path;
}

std::string WithReferences(std::string_view type, const ObjectInfo& object,
                           bool* refers_to_itself) {
  std::vector<StorePath> references = object.references;
  std::sort(references.begin(), references.end());
  std::string text(type);
  for (const StorePath& reference : references) {
    if (reference.text == object.name) {
      *refers_to_itself = true;
      continue;
    }
    text += ":" + reference.text;
  }
  return text;
}

tl::unexpected<Error> NoAddress(const ObjectInfo& object) {
  return Fail(ErrorCode::kInvalid,
              object.name + " cannot have the content address \"" + object.content_address + "\"");
}

bool Skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<StorePathParts> ParseStorePath(std::string_view path) {
  const auto wrong = [path](std::string_view why) {
    return Fail(ErrorCode::kInvalid, "\"" + std::string(path.substr(0, 200)) +
                                         "\" is no store path: " + std::string(why));
  };
  const std::size_t slash = path.rfind('/');
  if (path.empty() || path.front() != '/' || slash == 0) return wrong("it is not absolute");
  StorePathParts parts{.directory = path.substr(0, slash), .hash = {}, .name = {}};
  const std::string_view base = path.substr(slash + 1);
  if (base.size() < kHashChars + 2 || base[kHashChars] != '-') return wrong("it has no hash");
  parts.hash = base.substr(0, kHashChars);
  parts.name = base.substr(kHashChars + 1);
  if (parts.hash.find_first_not_of(kDigits) != std::string_view::npos) {
    return wrong("its hash has other characters than Nix' base 32");
  }
  if (parts.name.size() > kMaxNameChars) return wrong("its name is too long");
  if (parts.name.front() == '.' || !std::all_of(parts.name.begin(), parts.name.end(), IsNameChar)) {
    return wrong("its name has characters that are not allowed");
  }
  const std::string inside = std::string(parts.directory) + "/";
  for (const std::string_view bad : {"//", "/./", "/../"}) {
    if (inside.find(bad) != std::string::npos) return wrong("its directory is not canonical");
  }
  return parts;
}

std::string Nix32(std::string_view bytes) {
  const std::size_t length = (bytes.size() * 8 + 4) / 5;
  std::string text;
  text.reserve(length);
  for (std::size_t n = length; n-- > 0;) {
    const std::size_t bit = n * 5;
    const std::size_t byte = bit / 8;
    const std::size_t shift = bit % 8;
    const auto low = static_cast<unsigned>(static_cast<unsigned char>(bytes[byte])) >> shift;
    const unsigned next = byte + 1 < bytes.size()
                              ? static_cast<unsigned>(static_cast<unsigned char>(bytes[byte + 1]))
                              : 0U;
    text.push_back(kDigits[(low | (next << (8 - shift))) & 31U]);
  }
  return text;
}

Result<std::string> FromNix32(std::string_view text) {
  std::string bytes(text.size() * 5 / 8, '\0');
  for (std::size_t n = 0; n < text.size(); ++n) {
    const std::size_t digit = kDigits.find(text[text.size() - n - 1]);
    const std::size_t bit = n * 5;
    const std::size_t byte = bit / 8;
    const std::size_t shift = bit % 8;
    const std::size_t high = digit >> (8 - shift);
    const bool fits = digit != std::string_view::npos && (byte < bytes.size() || digit == 0) &&
                      (byte + 1 < bytes.size() || high == 0);
    if (!fits) return Fail(ErrorCode::kInvalid, "a hash that is no base 32");
    if (byte < bytes.size()) {
      bytes[byte] = static_cast<char>(static_cast<unsigned char>(bytes[byte]) | (digit << shift));
    }
    if (byte + 1 < bytes.size()) {
      bytes[byte + 1] = static_cast<char>(static_cast<unsigned char>(bytes[byte + 1]) | high);
    }
  }
  return bytes;
}

Result<std::string> ParseSha256(std::string_view text) {
  static_cast<void>(Skip(text, "sha256:"));
  Result<std::string> bytes = text.size() == 2 * kSha256Bytes ? FromHex(text) : FromNix32(text);
  if (!bytes || bytes->size() != kSha256Bytes) {
    return Fail(ErrorCode::kInvalid, "\"" + std::string(text.substr(0, 80)) + "\" is no SHA-256");
  }
  return bytes;
}

Result<std::string> ContentAddressedPath(const ObjectInfo& object) {
  ERIS_ASSIGN(const StorePathParts parts, ParseStorePath(object.name));
  std::string_view address = object.content_address;
  bool refers_to_itself = false;
  if (Skip(address, "text:")) {
    ERIS_ASSIGN(const std::string digest, ParseSha256(address));
    const std::string type = WithReferences("text", object, &refers_to_itself);
    if (refers_to_itself) return NoAddress(object);
    return MakePath(type, Hex(digest), parts);
  }
  if (!Skip(address, "fixed:")) return NoAddress(object);
  const bool is_recursive = Skip(address, "r:");
  // Of the other algorithms nothing here can tell what the content is.
  if (!address.starts_with("sha256:")) return NoAddress(object);
  ERIS_ASSIGN(const std::string digest, ParseSha256(address));
  if (is_recursive) {
    const std::string type = WithReferences("source", object, &refers_to_itself);
    // Whose content names its own path has a hash that nobody can compute from the archive alone.
    if (refers_to_itself) return NoAddress(object);
    return MakePath(type, Hex(digest), parts);
  }
  if (!object.references.empty()) return NoAddress(object);
  return MakePath("output:out", Hex(Sha256("fixed:out:sha256:" + Hex(digest) + ":")), parts);
}

Status CheckContentAddress(const ObjectInfo& object) {
  ERIS_ASSIGN(const std::string path, ContentAddressedPath(object));
  if (path == object.name) return {};
  return Fail(ErrorCode::kInvalid, object.name + " is forged: its content belongs to " + path);
}

}  // namespace eris
