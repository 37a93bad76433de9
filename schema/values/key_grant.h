// What a public key may do (design §9). Read from the keyring, asked by the broker for every verb;
// a key without a grant may do nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/values/message.h"

namespace eris {

// Each level includes those before it.
enum class KeyLevel : std::uint8_t {
  kNone,
  kRead,    // look at everything: status, history, manifests, logs
  kDeploy,  // run code on the targets: deploy, rollback, undeploy, cancel, retry
  kState,   // move, restore and delete state
  kAdmin,   // break locks, collect garbage, adopt targets
};
std::string_view ToString(KeyLevel level);

struct KeyGrant {
  std::string name;  // of the key: the author in journal and logs
  Role role = Role::kUnspecified;
  std::vector<std::string> queues;    // worker: what it may serve, QueueName text, exact
  KeyLevel level = KeyLevel::kNone;   // client
  std::vector<std::string> profiles;  // client: names; "*" = all; empty = none
  std::vector<std::string> targets;   // client: names; "*" = all; empty = none
  std::vector<std::string> diagnose;  // client: targets where it may have a shell, as `targets`
  bool operator==(const KeyGrant&) const = default;
};

// Whether `allowed` holds `name` or "*".
bool Covers(const std::vector<std::string>& allowed, std::string_view name);

// Public key (Z85, 40 characters: the ZAP user id) -> grant.
class KeyGrants {
 public:
  virtual ~KeyGrants() = default;
  // Null for a key that is not authorised. Valid until the keyring is read again.
  virtual const KeyGrant* Find(std::string_view public_key) const = 0;
  // The grant of this name, likewise.
  virtual const KeyGrant* FindNamed(std::string_view name) const = 0;
};

}  // namespace eris
