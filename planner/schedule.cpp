#include "planner/schedule.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/planted.h"

namespace eris::planner {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;

}  // namespace

Schedule::Schedule(std::vector<Step> steps) : unsettled_(steps.size()) {
  const auto count = static_cast<std::uint32_t>(steps.size());
  std::uint32_t highest = 0;
  for (const Step& step : steps) highest = std::max(highest, step.item.value + 1);
  positions_.assign(highest, kNowhere);
  items_.reserve(count);
  standing_.assign(count, Standing::kBlocked);
  stage_of_.reserve(count);
  missing_.assign(count, 0);
  first_follower_.assign(count + 1, 0);
  for (std::uint32_t position = 0; position < count; ++position) {
    const Step& step = steps[position];
    positions_[step.item.value] = position;
    items_.push_back(step.item);
    if (stages_.empty() || stages_.back().number != step.stage) {
      stages_.push_back({.number = step.stage, .end = position, .unsettled = 0});
    }
    ++stages_.back().end;
    ++stages_.back().unsettled;
    stage_of_.push_back(static_cast<std::uint32_t>(stages_.size() - 1));
    for (const ItemIndex before : step.after) {
      const std::uint32_t from = PositionOf(before);
      if (from == kNowhere) continue;
      ++missing_[position];
      ++first_follower_[from + 1];
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) first_follower_[i + 1] += first_follower_[i];
  followers_.resize(first_follower_[count]);
  std::vector<std::uint32_t> next(first_follower_.begin(), first_follower_.end() - 1);
  for (std::uint32_t position = 0; position < count; ++position) {
    for (const ItemIndex before : steps[position].after) {
      const std::uint32_t from = PositionOf(before);
      if (from != kNowhere) followers_[next[from]++] = position;
    }
  }
}

Schedule Schedule::Forward(const Plan& plan) {
  std::vector<Step> steps;
  steps.reserve(plan.items.size());
  for (std::uint32_t i = 0; i < plan.items.size(); ++i) {
    steps.push_back({.item = {i}, .stage = plan.items[i].stage, .after = plan.items[i].after});
    if (IsPlanted(Bug::kIgnoreEdges)) steps.back().after.clear();
  }
  return Schedule(std::move(steps));
}

Schedule Schedule::Backward(std::span<const InverseStep> inverses) {
  std::vector<Step> steps;
  steps.reserve(inverses.size());
  for (const InverseStep& inverse : inverses) {
    steps.push_back({.item = inverse.item, .stage = inverse.stage, .after = inverse.after});
  }
  return Schedule(std::move(steps));
}

void Schedule::OpenThrough(std::uint32_t stage) {
  const auto first_beyond = std::find_if(stages_.begin(), stages_.end(),
                                         [stage](const Stage& s) { return s.number > stage; });
  limit_ = std::max(limit_, static_cast<std::size_t>(first_beyond - stages_.begin()));
  OpenStages();
}

void Schedule::OpenAll() {
  limit_ = stages_.size();
  OpenStages();
}

std::vector<ItemIndex> Schedule::TakeReady() {
  std::sort(ready_.begin(), ready_.end(),
            [this](ItemIndex a, ItemIndex b) { return PositionOf(a) < PositionOf(b); });
  return std::exchange(ready_, {});
}

Schedule::Standing Schedule::StandingOf(ItemIndex item) const {
  const std::uint32_t position = PositionOf(item);
  return position == kNowhere ? Standing::kAbsent : standing_[position];
}

std::uint32_t Schedule::PositionOf(ItemIndex item) const {
  return item.value < positions_.size() ? positions_[item.value] : kNowhere;
}

std::uint32_t Schedule::UnsettledPositionOf(ItemIndex item) const {
  const std::uint32_t position = PositionOf(item);
  ERIS_CHECK(position != kNowhere, "only steps of the schedule are settled");
  ERIS_CHECK(standing_[position] <= Standing::kReady, "a step is settled once");
  return position;
}

std::vector<ItemIndex> Schedule::Fail(ItemIndex item) {
  const std::uint32_t position = UnsettledPositionOf(item);
  SettleAt(position, Standing::kFailed);
  std::vector<ItemIndex> held_back = HoldBackAfter(position);
  OpenStages();
  return held_back;
}

void Schedule::Settle(ItemIndex item, Standing standing) {
  const std::uint32_t position = UnsettledPositionOf(item);
  SettleAt(position, standing);
  for (std::uint32_t i = first_follower_[position]; i < first_follower_[position + 1]; ++i) {
    const std::uint32_t follower = followers_[i];
    if (--missing_[follower] > 0 || standing_[follower] != Standing::kBlocked) continue;
    if (stage_of_[follower] >= opened_) continue;
    standing_[follower] = Standing::kReady;
    ready_.push_back(items_[follower]);
  }
  OpenStages();
}

void Schedule::SettleAt(std::uint32_t position, Standing standing) {
  if (standing_[position] == Standing::kReady) std::erase(ready_, items_[position]);
  standing_[position] = standing;
  --unsettled_;
  --stages_[stage_of_[position]].unsettled;
  if (stage_of_[position] < opened_) --open_unsettled_;
}

std::vector<ItemIndex> Schedule::HoldBackAfter(std::uint32_t position) {
  std::vector<ItemIndex> held_back;
  std::vector<std::uint32_t> todo{position};
  while (!todo.empty()) {
    const std::uint32_t from = todo.back();
    todo.pop_back();
    for (std::uint32_t i = first_follower_[from]; i < first_follower_[from + 1]; ++i) {
      if (standing_[followers_[i]] != Standing::kBlocked) continue;
      SettleAt(followers_[i], Standing::kHeldBack);
      held_back.push_back(items_[followers_[i]]);
      todo.push_back(followers_[i]);
    }
  }
  return held_back;
}

void Schedule::OpenStages() {
  while (opened_ < limit_ && (opened_ == 0 || open_unsettled_ == 0)) {
    const std::uint32_t begin = opened_ == 0 ? 0 : stages_[opened_ - 1].end;
    const Stage& stage = stages_[opened_];
    ++opened_;
    open_unsettled_ += stage.unsettled;
    for (std::uint32_t position = begin; position < stage.end; ++position) {
      if (standing_[position] != Standing::kBlocked || missing_[position] > 0) continue;
      standing_[position] = Standing::kReady;
      ready_.push_back(items_[position]);
    }
  }
}

}  // namespace eris::planner
