// What the items of a plan do to targets, as far as invariants speak of it, and the invariants
// themselves. An effect has a beginning and an end: in between it may have happened or not.
#pragma once

#include <map>
#include <optional>
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

// A component's state: read or filled by an item that is in flight.
struct StateInUse {
  std::string service;        // its name
  bool is_last_dump = false;  // of what is left behind at a new place: others write elsewhere
  bool operator==(const StateInUse&) const = default;
};

enum class Effect { kHappens, kDoesNotHappen };

class World {
 public:
  // In the state that `base` describes. Borrows `next`.
  World(const Manifest& base, const Manifest& next);

  // The plan that is run forwards: says when each state has arrived.
  void Expect(const Plan& plan);
  // From here on inverses run.
  void TurnBack();

  void Begin(const QueueName& queue, const ItemBody& body);
  void End(const QueueName& queue, const ItemBody& body, Effect effect);

  const WorldState& state() const { return state_; }
  // The state that `next` describes, with nothing locked.
  WorldState DesiredState() const;

  // Copies of the base that are not what they were though a rollback must leave or make them so.
  std::set<std::string> SpoiltCopies() const;

  // What was wrong at any instant so far, each said once.
  const std::set<std::string>& violations() const { return violations_; }

 private:
  struct OrderedNeeds {
    std::vector<std::pair<Seat, std::string>> needs;  // seat and service key
    std::optional<std::pair<Seat, std::string>> provider;
    std::string name;
    std::set<std::string> writes;  // names of services
    std::set<Seat> written;        // their copies
    bool state_undo = false;
    bool in_base = false;
    bool in_next = false;
  };
  using Seats = std::map<Interdependency, Seat>;
  static void AddWrites(const Manifest& manifest, const Service& service, OrderedNeeds& needs,
                        const Seats& seats);
  static std::optional<std::pair<Seat, std::string>> ProviderOf(const Mapping& mapping,
                                                                const Seats& seats);
  void Read(const Manifest& manifest, bool is_base);
  void Settle(const Seat& seat, const Instance& instance, bool up);
  void Lock(const QueueName& queue, const LockItem& item);
  void Unlock(const QueueName& queue, const UnlockItem& item);
  void SetProfile(const QueueName& queue, const SetProfileItem& item);
  void EndSnapshot(const QueueName& queue, const SnapshotItem& item, Effect effect);
  void CheckLockOrder(const QueueName& queue, const LockComponents& lock);
  void CheckInvariants();
  void CheckState(const std::map<Seat, Instance>& maybe);
  void BeginState(const Seat& seat, const Activity& activity, bool is_restore);
  void EndState(const Seat& seat, const Activity& activity, bool is_restore, Effect effect);
  bool IsSurelyUp(const std::pair<Seat, std::string>& need) const;

  const Manifest& next_;
  WorldState state_;
  std::map<Seat, Instance> changing_;  // may be active, may be not
  std::map<std::pair<Seat, Instance>, OrderedNeeds> known_;
  std::map<Seat, std::set<Seat>> dependents_in_base_;
  std::set<std::string> violations_;

  bool backward_ = false;
  const bool
      in_place_;  // nothing changes but states: they are filled while their services are down
  std::map<Seat, StateInUse> in_use_;
  std::set<Seat> bases_;                         // where one was taken
  std::map<std::string, std::size_t> restores_;  // by service: still to come
  std::set<std::string> moving_;                 // services between their snapshot and that
  std::map<Seat, std::string> copies_;           // what became of them; empty = untouched
  std::map<std::string, std::string> taken_;     // by service: the last snapshot
};

}  // namespace eris::testing
