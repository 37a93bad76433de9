#include "state/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "schema/base/directory.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "schema/values/plan.h"
#include "state/settings.h"

namespace eris {
namespace {

constexpr std::string_view kSuffix = ".toml";
constexpr std::size_t kPublicKeyChars = 40;
constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
constexpr std::array<std::string_view, 7> kKnown = {"public_key", "role",     "level", "profiles",
                                                    "targets",    "diagnose", "queues"};

// Names of the keys, sorted, and a text that changes whenever one of their files does.
struct Listing {
  std::vector<std::string> names;
  std::string stamp;
};

std::string StampOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "gone";
  std::string stamp;
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(info.st_ino), static_cast<std::uint64_t>(info.st_size),
        static_cast<std::uint64_t>(info.st_mtim.tv_sec),
        static_cast<std::uint64_t>(info.st_mtim.tv_nsec)}) {
    stamp += std::to_string(part) + ":";
  }
  return stamp;
}

Result<Listing> ListFiles(const std::string& directory) {
  const DirectoryStream open(::opendir(directory.c_str()));
  if (open == nullptr) {
    if (errno == ENOENT) return Listing{};
    return FailErrno(errno, "cannot read the keyring " + directory);
  }
  Listing listing;
  while (const dirent* entry = ::readdir(open.get())) {
    std::string name = entry->d_name;
    if (!name.ends_with(kSuffix) || name.starts_with('.')) continue;
    name.resize(name.size() - kSuffix.size());
    listing.names.push_back(std::move(name));
  }
  std::sort(listing.names.begin(), listing.names.end());
  for (const std::string& name : listing.names) {
    listing.stamp += name + "=" + StampOf(directory + "/" + name + std::string(kSuffix)) + "\n";
  }
  return listing;
}

Result<Role> ParseRole(std::string_view text) {
  for (const Role role : {Role::kPlanner, Role::kWorker, Role::kClient}) {
    if (text == ToString(role)) return role;
  }
  return Fail(ErrorCode::kInvalid, "role must be client, worker or planner");
}

Result<KeyLevel> ParseLevel(std::string_view text) {
  for (const KeyLevel level :
       {KeyLevel::kNone, KeyLevel::kRead, KeyLevel::kDeploy, KeyLevel::kState, KeyLevel::kAdmin}) {
    if (text == ToString(level)) return level;
  }
  return Fail(ErrorCode::kInvalid, "level must be read, deploy, state or admin");
}

Status Validate(const AuthorizedKey& key) {
  const KeyGrant& grant = key.grant;
  if (!IsSafeFileName(grant.name) || grant.name.starts_with('.')) {
    return Fail(ErrorCode::kInvalid, "the name of a key must be usable as a file name");
  }
  if (key.public_key.size() != kPublicKeyChars ||
      key.public_key.find_first_not_of(kZ85) != std::string::npos) {
    return Fail(ErrorCode::kInvalid, "public_key must be 40 characters of Z85",
                "Copy it from the line `public` of the key file");
  }
  for (const std::string& queue : grant.queues) {
    if (!ParseQueueName(queue)) {
      return Fail(ErrorCode::kInvalid, "there can be no queue " + queue,
                  "Name queues target.NAME or builder.SYSTEM");
    }
  }
  if (grant.role == Role::kUnspecified) return Fail(ErrorCode::kInvalid, "a key needs a role");
  if (grant.role == Role::kWorker && grant.queues.empty()) {
    return Fail(ErrorCode::kInvalid, "the key of a worker needs queues that it may serve");
  }
  if (grant.role == Role::kClient && grant.level == KeyLevel::kNone) {
    return Fail(ErrorCode::kInvalid, "the key of a client needs a level");
  }
  return {};
}

Result<AuthorizedKey> KeyFrom(const Settings& file, const std::string& name) {
  ERIS_TRY(file.RefuseOthers(kKnown));
  AuthorizedKey key;
  key.grant.name = name;
  ERIS_ASSIGN(key.public_key, file.String("public_key"));
  ERIS_ASSIGN(const std::string role, file.String("role"));
  ERIS_ASSIGN(key.grant.role, ParseRole(role));
  ERIS_ASSIGN(const std::string level, file.StringOr("level", ToString(KeyLevel::kNone)));
  ERIS_ASSIGN(key.grant.level, ParseLevel(level));
  ERIS_ASSIGN(key.grant.profiles, file.StringsOrNone("profiles"));
  ERIS_ASSIGN(key.grant.targets, file.StringsOrNone("targets"));
  ERIS_ASSIGN(key.grant.diagnose, file.StringsOrNone("diagnose"));
  ERIS_ASSIGN(key.grant.queues, file.StringsOrNone("queues"));
  ERIS_TRY(Validate(key));
  return key;
}

std::string TextOf(const AuthorizedKey& key) {
  const KeyGrant& grant = key.grant;
  std::string text = SettingLine("public_key", std::string_view(key.public_key)) +
                     SettingLine("role", ToString(grant.role));
  if (grant.role == Role::kClient) {
    text += SettingLine("level", ToString(grant.level)) +
            SettingLine("profiles", std::span(grant.profiles)) +
            SettingLine("targets", std::span(grant.targets));
    if (!grant.diagnose.empty()) text += SettingLine("diagnose", std::span(grant.diagnose));
  }
  if (grant.role == Role::kWorker) text += SettingLine("queues", std::span(grant.queues));
  return text;
}

}  // namespace

Result<Keyring> Keyring::Load(const std::string& directory) {
  Keyring keyring(directory);
  ERIS_TRY(keyring.Read());
  return keyring;
}

Status Keyring::Read() {
  ERIS_ASSIGN(Listing listing, ListFiles(directory_));
  stamp_ = std::move(listing.stamp);
  for (const std::string& name : listing.names) ReadKey(name);
  return {};
}

void Keyring::ReadKey(const std::string& name) {
  const std::string path = directory_ + "/" + name + std::string(kSuffix);
  const auto file = Settings::Load(path);
  auto key = file ? KeyFrom(*file, name) : Fail(file.error());
  if (!key) {
    problems_.push_back(std::move(key).error().In(path));
    return;
  }
  const auto [entry, is_new] = grants_.emplace(key->public_key, key->grant);
  if (!is_new) {
    problems_.push_back({ErrorCode::kConflict,
                         path + ": has the same public key as " + entry->second.name,
                         "Revoke one of them; until then only the first one counts"});
  }
}

const KeyGrant* Keyring::Find(std::string_view public_key) const {
  const auto found = grants_.find(public_key);
  return found == grants_.end() ? nullptr : &found->second;
}

const KeyGrant* Keyring::FindNamed(std::string_view name) const {
  const auto found = std::find_if(grants_.begin(), grants_.end(),
                                  [name](const auto& entry) { return entry.second.name == name; });
  return found == grants_.end() ? nullptr : &found->second;
}

std::vector<AuthorizedKey> Keyring::List() const {
  std::vector<AuthorizedKey> keys;
  for (const auto& [public_key, grant] : grants_) keys.push_back({public_key, grant});
  std::sort(keys.begin(), keys.end(), [](const AuthorizedKey& a, const AuthorizedKey& b) {
    return a.grant.name < b.grant.name;
  });
  return keys;
}

Result<Keyring::Reload> Keyring::ReloadIfChanged() {
  ERIS_ASSIGN(const Listing listing, ListFiles(directory_));
  if (listing.stamp == stamp_) return Reload::kUnchanged;
  ERIS_ASSIGN(Keyring changed, Load(directory_));
  *this = std::move(changed);
  return Reload::kChanged;
}

Status Authorize(const std::string& directory, const AuthorizedKey& key) {
  ERIS_TRY(Validate(key));
  ERIS_TRY(MakeDirectories(directory, 0700));
  ERIS_ASSIGN(const Keyring keyring, Keyring::Load(directory));
  if (const KeyGrant* known = keyring.Find(key.public_key)) {
    return Fail(ErrorCode::kConflict, "this key is authorised already, as " + known->name,
                "Revoke " + known->name + " first");
  }
  const std::string path = directory + "/" + key.grant.name + std::string(kSuffix);
  if (FileExists(path)) {
    return Fail(ErrorCode::kConflict, "there is a key called " + key.grant.name + " already",
                "Revoke it first, or choose another name");
  }
  return WriteFileAtomically(path, TextOf(key), 0600);
}

Status Revoke(const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name + std::string(kSuffix);
  if (!IsSafeFileName(name) || ::unlink(path.c_str()) != 0) {
    if (IsSafeFileName(name) && errno != ENOENT) return FailErrno(errno, "cannot remove " + path);
    return Fail(ErrorCode::kNotFound, "there is no key called " + name,
                "`eris key list` shows them all");
  }
  return SyncDirectory(directory);
}

}  // namespace eris
