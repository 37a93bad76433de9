// Lanes: what of a transaction may be sent, to which queue, and when. One lane a queue: who serves
// it, how many items are out there, which wait to be sent, and how long it has been silent.
//
// It owns volatile knowledge only (presence, moments): after a restart it is filled again from the
// journaled state. It decides nothing about outcomes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/base/clock.h"
#include "schema/values/ids.h"
#include "schema/values/plan.h"

namespace eris::planner {

using LaneNumber = Number<struct LaneTag, std::uint32_t>;  // from 0

// Owned by a transaction. Invariants: (1) an item is idle, ready, delayed or out, never two of
// them; (2) never more than `window` items of a lane are out, but for those that were out when the
// planner restarted; (3) a lane is waited for while it is not connected and has items that are not
// idle, unless it is set aside.
class Lanes {
 public:
  Lanes() = default;
  Lanes(const Plan& plan, std::uint32_t window);

  std::size_t size() const { return lanes_.size(); }
  const QueueName& QueueOf(LaneNumber lane) const { return lanes_[lane.value].queue; }
  LaneNumber LaneOf(ItemIndex item) const { return lane_of_[item.value]; }
  // Ascending.
  const std::vector<ItemIndex>& ItemsOf(LaneNumber lane) const { return lanes_[lane.value].items; }
  std::optional<LaneNumber> Find(const QueueName& queue) const;

  // ---- what the outside says ----
  enum class Presence : std::uint8_t { kAbsent, kConnected };
  void SetPresence(LaneNumber lane, Presence presence, SteadyTime now);
  // While the broker is away nobody is blamed for being silent, and all waiting starts anew after.
  void SetLink(Presence presence, SteadyTime now);
  // Somebody works there: deadlines of what is queued behind count from here.
  void SawLife(LaneNumber lane, SteadyTime now) { lanes_[lane.value].last_sign = now; }
  // Moves what has become due. Before the questions of a turn.
  void Tick(SteadyTime now);

  // ---- items ----
  void MakeReady(ItemIndex item, SteadyTime now);
  void Delay(ItemIndex item, SteadyTime until);
  void SendOut(ItemIndex item, SteadyTime now, Duration limit);
  void Rest(ItemIndex item);  // idle again
  // All but those that are out.
  void RestAllWaiting();
  // The lane is not waited for any more; its items still go out when it is connected.
  void SetAside(LaneNumber lane);
  void TakeBack(LaneNumber lane);

  // ---- questions ----
  bool IsOut(ItemIndex item) const { return items_[item.value].standing == Standing::kOut; }
  const std::set<ItemIndex>& out() const { return out_; }
  std::size_t OutAt(LaneNumber lane) const { return lanes_[lane.value].out; }
  // What may be sent now, at most `limit` items: ascending within each lane.
  std::vector<ItemIndex> Sendable(std::size_t limit) const;
  // Out for longer than its limit, though its lane is alive.
  std::optional<ItemIndex> Overdue() const;
  bool IsConnected(LaneNumber lane) const {
    return lanes_[lane.value].presence == Presence::kConnected;
  }
  // Needed, not connected, and waited for since then.
  std::optional<SteadyTime> SilentSince(LaneNumber lane) const;
  // The one that has been silent longest, when that is at least `wait`.
  std::optional<LaneNumber> Silent(Duration wait, SteadyTime now) const;
  bool IsSilent(LaneNumber lane, Duration wait, SteadyTime now) const;
  std::optional<SteadyTime> NextWake(Duration wait) const;

 private:
  enum class Standing : std::uint8_t { kIdle, kReady, kDelayed, kOut };
  struct Item {
    Standing standing = Standing::kIdle;
    SteadyTime due;      // delayed: until; out: next look at the deadline
    SteadyTime sent_at;  // out
    Duration limit{};    // out
  };
  struct Lane {
    QueueName queue;
    std::vector<ItemIndex> items;
    Presence presence = Presence::kAbsent;
    SteadyTime last_sign;
    std::set<ItemIndex> ready;
    std::uint32_t out = 0;
    std::uint32_t busy = 0;  // items that are not idle
    bool set_aside = false;
    std::optional<SteadyTime> silent_since;
  };

  void Enter(ItemIndex item, Standing standing, SteadyTime now);
  void Refresh(LaneNumber lane, SteadyTime now);

  std::uint32_t window_ = 1;
  Presence link_ = Presence::kAbsent;
  SteadyTime last_now_;
  std::vector<LaneNumber> lane_of_;
  std::vector<Item> items_;
  std::vector<Lane> lanes_;
  std::map<QueueName, LaneNumber> by_queue_;
  std::set<ItemIndex> out_;
  std::set<ItemIndex> overdue_;
  std::set<LaneNumber> open_;                           // may send something now
  std::set<std::pair<SteadyTime, ItemIndex>> timers_;   // delayed and out items by due
  std::set<std::pair<SteadyTime, LaneNumber>> silent_;  // by silent_since
};

}  // namespace eris::planner
