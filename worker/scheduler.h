// Which of a worker's waiting items may run now: at most `num_of_cores` activities and builds, at
// most `max_transfers` transfers, at most one activity at a time for each component (design D3).
// First come, first served; an item that has to wait for its component does not hold up those
// behind it. Pure; decides nothing about leases or grades (agent.h).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schema/values/work_item.h"

namespace eris {

// What an item occupies while it runs.
enum class Lane : std::uint8_t {
  kImmediate,  // query, leases, profiles, diagnose: never waits for a core
  kActivity,   // one core
  kBuild,      // one core here; Nix divides the machine itself
  kTransfer,
};
Lane LaneOf(const ItemBody& body);

// Names of the components an item works on: "CONTAINER/COMPONENT". Empty for most verbs.
std::vector<std::string> ComponentsOf(const ItemBody& body);

class Scheduler {
 public:
  struct Limits {
    std::uint32_t num_of_cores = 1;
    std::uint32_t max_transfers = 2;
  };
  explicit Scheduler(Limits limits) : limits_(limits) {}

  // `id` waits from now on. Precondition: it neither waits nor runs.
  void Add(const ItemId& id, const ItemBody& body);
  // Forgets a waiting item; false when it does not wait.
  bool Remove(const ItemId& id);
  // Takes what may run now; each is busy until Done.
  std::vector<ItemId> TakeRunnable();
  void Done(const ItemId& id);

  std::size_t waiting() const { return waiting_count_; }
  std::size_t running() const { return running_.size(); }

 private:
  struct Entry {
    ItemId id;
    std::vector<std::string> components;
  };
  struct Running {
    Lane lane = Lane::kImmediate;
    std::vector<std::string> components;
  };
  using Queue = std::deque<Entry>;

  Queue& QueueOf(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }
  bool HasRoom(Lane lane) const;
  bool IsFree(const Entry& entry) const;
  void Take(Lane lane, std::vector<ItemId>& taken);

  Limits limits_;
  std::array<Queue, 4> queues_;
  std::unordered_map<StepId, Lane> lanes_;  // of waiting items
  std::unordered_map<StepId, Running> running_;
  std::unordered_set<std::string> busy_components_;
  std::uint32_t cores_in_use_ = 0;
  std::uint32_t transfers_in_use_ = 0;
  std::size_t waiting_count_ = 0;
};

}  // namespace eris
