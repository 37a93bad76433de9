#include "planner/lanes.h"

#include <algorithm>
#include <cstdint>

#include "schema/base/check.h"
#include "schema/base/planted.h"

namespace eris::planner {

Lanes::Lanes(const Plan& plan, std::uint32_t window)
    : window_(std::max(window, 1U)), items_(plan.items.size()) {
  lane_of_.reserve(plan.items.size());
  for (const PlanItem& item : plan.items) {
    const auto next = LaneNumber{static_cast<std::uint32_t>(lanes_.size())};
    const auto [entry, is_new] = by_queue_.try_emplace(item.queue, next);
    if (is_new) lanes_.emplace_back().queue = item.queue;
    lanes_[entry->second.value].items.push_back(
        ItemIndex{static_cast<std::uint32_t>(lane_of_.size())});
    lane_of_.push_back(entry->second);
  }
}

std::optional<LaneNumber> Lanes::Find(const QueueName& queue) const {
  const auto found = by_queue_.find(queue);
  if (found == by_queue_.end()) return std::nullopt;
  return found->second;
}

void Lanes::SetPresence(LaneNumber lane, Presence presence, SteadyTime now) {
  lanes_[lane.value].presence = presence;
  lanes_[lane.value].last_sign = now;
  Refresh(lane, now);
}

void Lanes::SetLink(Presence presence, SteadyTime now) {
  link_ = presence;
  for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i].presence = Presence::kAbsent;  // the broker will tell
    lanes_[i].last_sign = now;
    Refresh({i}, now);
  }
}

void Lanes::Tick(SteadyTime now) {
  last_now_ = now;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const ItemIndex index = timers_.begin()->second;
    Item& item = items_[index.value];
    if (item.standing == Standing::kDelayed) {
      Enter(index, Standing::kReady, now);
      continue;
    }
    timers_.erase(timers_.begin());
    const Lane& lane = lanes_[LaneOf(index).value];
    const SteadyTime limit = std::max(item.sent_at, lane.last_sign) + item.limit;
    const bool alive = lane.presence == Presence::kConnected;
    if (alive && limit <= now) {
      overdue_.insert(index);
      continue;
    }
    item.due = alive ? limit : now + item.limit;
    timers_.emplace(item.due, index);
  }
}

void Lanes::MakeReady(ItemIndex item, SteadyTime now) { Enter(item, Standing::kReady, now); }

void Lanes::Delay(ItemIndex item, SteadyTime until) {
  Enter(item, Standing::kDelayed, last_now_);
  items_[item.value].due = until;
  timers_.emplace(until, item);
}

void Lanes::SendOut(ItemIndex item, SteadyTime now, Duration limit) {
  Enter(item, Standing::kOut, now);
  Item& state = items_[item.value];
  state.sent_at = now;
  state.limit = limit;
  state.due = now + limit;
  timers_.emplace(state.due, item);
}

void Lanes::Rest(ItemIndex item) { Enter(item, Standing::kIdle, last_now_); }

void Lanes::RestAllWaiting() {
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    const Standing standing = items_[i].standing;
    if (standing == Standing::kReady || standing == Standing::kDelayed) Rest({i});
  }
}

void Lanes::SetAside(LaneNumber lane) {
  lanes_[lane.value].set_aside = true;
  Refresh(lane, last_now_);
}

void Lanes::TakeBack(LaneNumber lane) {
  lanes_[lane.value].set_aside = false;
  Refresh(lane, last_now_);
}

std::vector<ItemIndex> Lanes::Sendable(std::size_t limit) const {
  std::vector<ItemIndex> result;
  for (const LaneNumber number : open_) {
    const Lane& lane = lanes_[number.value];
    std::uint32_t room = IsPlanted(Bug::kOverfillLane) ? UINT32_MAX : window_ - lane.out;
    for (const ItemIndex item : lane.ready) {
      if (room == 0 || result.size() >= limit) break;
      result.push_back(item);
      --room;
    }
  }
  return result;
}

std::optional<ItemIndex> Lanes::Overdue() const {
  if (overdue_.empty()) return std::nullopt;
  return *overdue_.begin();
}

std::optional<SteadyTime> Lanes::SilentSince(LaneNumber lane) const {
  return lanes_[lane.value].silent_since;
}

std::optional<LaneNumber> Lanes::Silent(Duration wait, SteadyTime now) const {
  if (silent_.empty() || silent_.begin()->first + wait > now) return std::nullopt;
  return silent_.begin()->second;
}

bool Lanes::IsSilent(LaneNumber lane, Duration wait, SteadyTime now) const {
  const std::optional<SteadyTime> since = SilentSince(lane);
  return since && *since + wait <= now;
}

std::optional<SteadyTime> Lanes::NextWake(Duration wait) const {
  std::optional<SteadyTime> wake;
  if (!timers_.empty()) wake = timers_.begin()->first;
  // Only those whose wait is not over yet: what is over has been dealt with.
  const auto waiting = silent_.upper_bound({last_now_ + -wait, LaneNumber{UINT32_MAX}});
  if (waiting != silent_.end()) {
    const SteadyTime end = waiting->first + wait;
    wake = wake ? std::min(*wake, end) : end;
  }
  return wake;
}

// The one place where an item changes its standing.
void Lanes::Enter(ItemIndex index, Standing standing, SteadyTime now) {
  Item& item = items_[index.value];
  Lane& lane = lanes_[LaneOf(index).value];
  if (item.standing == Standing::kReady) lane.ready.erase(index);
  if (item.standing == Standing::kDelayed || item.standing == Standing::kOut) {
    timers_.erase({item.due, index});
  }
  if (item.standing == Standing::kOut) {
    --lane.out;
    out_.erase(index);
    overdue_.erase(index);
  }
  if (item.standing != Standing::kIdle) --lane.busy;
  item.standing = standing;
  if (standing != Standing::kIdle) ++lane.busy;
  if (standing == Standing::kReady) lane.ready.insert(index);
  if (standing == Standing::kOut) {
    ++lane.out;
    out_.insert(index);
  }
  Refresh(LaneOf(index), now);
}

void Lanes::Refresh(LaneNumber number, SteadyTime now) {
  Lane& lane = lanes_[number.value];
  const bool connected = lane.presence == Presence::kConnected;
  if (connected && lane.out < window_ && !lane.ready.empty()) {
    open_.insert(number);
  } else {
    open_.erase(number);
  }
  const bool waited_for =
      link_ == Presence::kConnected && !connected && lane.busy > 0 && !lane.set_aside;
  if (waited_for == lane.silent_since.has_value()) return;
  if (waited_for) {
    lane.silent_since = now;
    silent_.emplace(now, number);
  } else {
    silent_.erase({*lane.silent_since, number});
    lane.silent_since.reset();
  }
}

}  // namespace eris::planner
