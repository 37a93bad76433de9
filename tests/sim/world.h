// What is really there on the targets, whatever anybody believes: active components, locks,
// profiles. Changed by machines only, looked at by checkers. And which journal counts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/work_item.h"
#include "tests/sim/databases.h"
#include "tests/sim/seat.h"

namespace eris::sim {

// Which mapping is at work in a seat.
struct Instance {
  ServiceName name;  // for people
  ServiceKey service;
  std::string digest;
  auto operator<=>(const Instance&) const = default;
};

struct World {
  JournalId journal;  // of the planner of record
  std::map<Seat, Instance> active;
  std::set<Seat> locked;
  std::map<std::pair<TargetName, ProfileName>, StorePath> profiles;  // never an empty path
  std::map<TargetName, std::set<StorePath>> old_profiles;  // links that were switched away from
  // Store paths that are there, and what keeps them from the garbage collector beside the profile.
  std::map<TargetName, std::set<StorePath>> store;
  std::map<TargetName, std::map<TransactionId, std::set<StorePath>>> roots;
  // What a profile's path brings with it.
  std::map<StorePath, std::set<StorePath>> closures;
  std::map<StorePath, std::string> profile_texts;  // and what it says, where somebody will ask
  Databases databases;
};

// What `manifest` wants on one target.
std::map<Seat, Instance> DesiredOn(const TargetName& target, const Manifest& manifest);
// What is there.
std::map<Seat, Instance> ActiveOn(const TargetName& target, const World& world);

// What the collector would leave on the target.
std::set<StorePath> LiveOn(const TargetName& target, const World& world);

Seat SeatOf(const TargetName& target, const Activity& activity);
Instance InstanceOf(const Activity& activity);
std::string Describe(const Seat& seat, const Instance& instance);
std::string Describe(const ItemId& id);

}  // namespace eris::sim
