// The keys that may connect and what each may do: one TOML file a key in a directory, so that
// people can read, copy and withdraw them with the tools they have. Decides nothing about a
// message: the broker asks for the grant.
//
//   # DIRECTORY/alice.toml
//   public_key = "…40 characters of Z85…"
//   role = "client"                  # or "worker", "planner"
//   level = "deploy"                 # client: read, deploy, state, admin
//   profiles = ["*"]                 # client
//   targets = ["*"]                  # client
//   diagnose = ["db"]                # client; when absent: nowhere
//   queues = ["target.db"]           # worker
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/key_grant.h"

namespace eris {

struct AuthorizedKey {
  std::string public_key;  // Z85
  KeyGrant grant;
  bool operator==(const AuthorizedKey&) const = default;
};

// Owned by the broker's shell (or a command); used by one thread. Denies by default: a file that
// cannot be read or is wrong grants nothing, and is reported; it does not keep the others from
// counting.
class Keyring final : public KeyGrants {
 public:
  // An absent directory is an empty keyring. Fails only when the directory cannot be read.
  static Result<Keyring> Load(const std::string& directory);

  const KeyGrant* Find(std::string_view public_key) const override;
  const KeyGrant* FindNamed(std::string_view name) const override;
  // By name.
  std::vector<AuthorizedKey> List() const;
  // What is wrong with files that were left out, one error each.
  const std::vector<Error>& problems() const { return problems_; }

  enum class Reload { kUnchanged, kChanged };
  // Reads the directory again when one of its files was changed, added or removed. On failure the
  // keyring is as before. Cheap enough for every few seconds.
  Result<Reload> ReloadIfChanged();

 private:
  explicit Keyring(std::string directory) : directory_(std::move(directory)) {}
  Status Read();
  void ReadKey(const std::string& name);

  std::string directory_;
  std::string stamp_;  // of the files that were read
  std::map<std::string, KeyGrant, std::less<>> grants_;
  std::vector<Error> problems_;
};

// Writes DIRECTORY/NAME.toml (0600, directory 0700), synced. kConflict when the name or the public
// key is authorised already: rights change by revoking first. kInvalid when the grant makes no
// sense: an unsafe name, no queue for a worker, no level for a client.
Status Authorize(const std::string& directory, const AuthorizedKey& key);

// Removes the key of this name; kNotFound when there is none.
Status Revoke(const std::string& directory, const std::string& name);

}  // namespace eris
