#include "broker/link/key_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "schema/base/files.h"
#include "schema/base/system_error.h"

namespace eris::link {
namespace {

constexpr std::size_t kMaxFileBytes = 4096;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 077;
constexpr std::string_view kPublic = "public ";
constexpr std::string_view kSecret = "secret ";
constexpr std::string_view kComment =
    "# Eris key pair. Whoever reads this file can act in its owner's name.\n";

// The text of a file that holds a secret: wiped when it goes.
struct SecretFile {
  std::string text;
  explicit SecretFile(std::string value) : text(std::move(value)) {}
  SecretFile(const SecretFile&) = delete;
  SecretFile& operator=(const SecretFile&) = delete;
  ~SecretFile() { explicit_bzero(text.data(), text.size()); }
};

tl::unexpected<Error> Bad(const std::string& path, const char* what, std::string fix) {
  return Fail(ErrorCode::kInvalid, "key file " + path + " " + what, std::move(fix));
}

Status CheckMode(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return FailErrno(errno, "cannot read key file " + path);
  if ((info.st_mode & kOthers) != 0) {
    return Bad(path, "is accessible by others than its owner", "chmod 600 " + path);
  }
  return {};
}

struct Lines {
  std::optional<std::string_view> public_text;
  std::optional<std::string_view> secret_text;
};

// False: a line is neither comment nor key, or a key is there twice.
bool Split(std::string_view text, Lines& lines) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const bool is_public = line.starts_with(kPublic);
    if (!is_public && !line.starts_with(kSecret)) return false;
    auto& key = is_public ? lines.public_text : lines.secret_text;
    if (key) return false;
    key = line.substr(is_public ? kPublic.size() : kSecret.size());
  }
  return lines.public_text && lines.secret_text;
}

}  // namespace

Status WriteKeyFile(const std::string& path, const CurveKeys& keys) {
  if (FileExists(path)) {
    return Fail(ErrorCode::kConflict, "key file " + path + " exists",
                "remove it first if its key is not used any more");
  }
  SecretFile text{std::string()};
  // No reallocation may leave a copy of the secret behind.
  text.text.reserve(kMaxFileBytes);
  text.text.append(kComment).append(kPublic).append(keys.public_key.ToText()).append("\n");
  text.text.append(kSecret);
  keys.secret_key.AppendText(text.text);
  text.text.append("\n");
  return WriteFileAtomically(path, text.text, kOwnerOnly);
}

Result<CurveKeys> ReadKeyFile(const std::string& path) {
  const std::string remedy = "replace it by a new pair: eris key generate";
  ERIS_TRY(CheckMode(path));
  ERIS_ASSIGN(std::string read, ReadFile(path, kMaxFileBytes));
  const SecretFile content(std::move(read));
  Lines lines;
  if (!Split(content.text, lines)) {
    return Bad(path, "does not consist of a `public` and a `secret` line", remedy);
  }
  Result<CurveKeys> keys = KeysFromSecretText(*lines.secret_text);
  if (!keys) return Bad(path, "has no valid secret key", remedy);
  if (keys->public_key.ToText() != *lines.public_text) {
    return Bad(path, "has a public key that is not that of its secret key", remedy);
  }
  return keys;
}

Result<CurveKeys> ReadOrMakeKeyFile(const std::string& path) {
  if (FileExists(path)) return ReadKeyFile(path);
  ERIS_ASSIGN(CurveKeys keys, GenerateKeys());
  ERIS_TRY(WriteKeyFile(path, keys));
  return keys;
}

}  // namespace eris::link
