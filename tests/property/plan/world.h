// What the items of a plan do to targets, as far as invariants speak of it, and the invariants
// themselves. An effect has a beginning and an end: in between it may have happened or not.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "schema/values/manifest.h"
#include "schema/values/plan.h"

namespace eris::testing {

// Where a component is: target, container, component.
using Seat = std::tuple<std::string, std::string, std::string>;

// A mapping at work: service key and digest.
struct Instance {
  std::string service;
  std::string digest;
  auto operator<=>(const Instance&) const = default;
};

// Everything that is the same again after a rollback.
struct WorldState {
  std::map<Seat, Instance> active;
  std::map<std::string, std::string> profiles;  // by target
  std::set<Seat> locked;
  std::set<std::string> leases;
  bool operator==(const WorldState&) const = default;
};

enum class Effect { kHappens, kDoesNotHappen };

class World {
 public:
  // In the state that `base` describes. Borrows `next`.
  World(const Manifest& base, const Manifest& next);

  void Begin(const QueueName& queue, const ItemBody& body);
  void End(const QueueName& queue, const ItemBody& body, Effect effect);

  const WorldState& state() const { return state_; }
  // The state that `next` describes, with nothing locked.
  WorldState DesiredState() const;

  // What was wrong at any instant so far, each said once.
  const std::set<std::string>& violations() const { return violations_; }

 private:
  struct OrderedNeeds {
    std::vector<std::pair<Seat, std::string>> needs;  // seat and service key
    bool in_base = false;
    bool in_next = false;
  };
  void Read(const Manifest& manifest, bool is_base);
  void CheckLockOrder(const QueueName& queue, const LockComponents& lock);
  void CheckInvariants();

  const Manifest& next_;
  WorldState state_;
  std::map<Seat, Instance> changing_;  // may be active, may be not
  std::map<std::pair<Seat, Instance>, OrderedNeeds> known_;
  std::map<Seat, std::set<Seat>> dependents_in_base_;
  std::set<std::string> violations_;
};

}  // namespace eris::testing
