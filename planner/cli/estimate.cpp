#include "planner/cli/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/progress_text.h"
#include "planner/cli/query_text.h"
#include "planner/cli/submitting.h"
#include "planner/plan/plan_text.h"

namespace eris::cli {
namespace {

// Where a fetched state comes from makes no difference: "fetch the last known state of db" was
// about as long as "fetch the state of db from t1" will be.
std::string KeyOf(std::string_view subject) {
  constexpr std::string_view kFetch = "fetch the ";
  constexpr std::string_view kState = "state of ";
  const std::size_t state = subject.find(kState);
  if (!subject.starts_with(kFetch) || state == std::string_view::npos) return std::string(subject);
  const std::string_view service = subject.substr(state + kState.size());
  return "fetch " + std::string(service.substr(0, service.find(' ')));
}

bool IsOfState(const ItemBody& body) {
  return std::holds_alternative<SnapshotItem>(body) || std::holds_alternative<RestoreItem>(body) ||
         std::holds_alternative<TransferStateItem>(body);
}

bool IsInWindow(const PlanItem& item) {
  return item.phase >= PlanPhase::kLock && item.phase <= PlanPhase::kCommit;
}

// Of the items between the first lock and the commit, as if each ran as soon as it may.
std::int64_t LongestWay(const Plan& plan, const PastSteps& past) {
  std::vector<std::int64_t> ends(plan.items.size(), 0);
  std::int64_t all = 0;      // of the items so far
  std::int64_t barrier = 0;  // of those of lower stages
  std::uint32_t stage = 0;
  for (std::size_t i = 0; i < plan.items.size(); ++i) {
    const PlanItem& item = plan.items[i];
    if (!IsInWindow(item)) continue;
    if (item.stage != stage) barrier = all;
    stage = item.stage;
    std::int64_t begin = barrier;
    for (const ItemIndex before : item.after) begin = std::max(begin, ends[before.value]);
    const PastSteps::Step* step = past.Find(item.body);
    ends[i] = begin + (step == nullptr ? 0 : step->took_ms);
    all = std::max(all, ends[i]);
  }
  return all;
}

}  // namespace

void PastSteps::Add(const LogEntry& entry) {
  if (entry.outcome.verdict != Verdict::kSucceeded) return;
  Step step{.took_ms = entry.outcome.took_ms};
  if (const auto* report = std::get_if<SnapshotReport>(&entry.outcome.report)) {
    step.bytes = report->bytes;
  }
  steps_.emplace(KeyOf(entry.item.subject), step);
}

const PastSteps::Step* PastSteps::Find(const ItemBody& body) const {
  const auto find = [this](const ItemBody& one) {
    const auto found = steps_.find(KeyOf(DescribeItem(one)));
    return found == steps_.end() ? nullptr : &found->second;
  };
  const Step* step = find(body);
  const auto* snapshot = std::get_if<SnapshotItem>(&body);
  // Of a part that was never taken before, what all of it was.
  if (step != nullptr || snapshot == nullptr) return step;
  return find(SnapshotItem{.activity = snapshot->activity});
}

std::vector<std::string> EstimatesOf(const Plan& plan, const PastSteps& past) {
  std::vector<std::string> lines;
  std::size_t in_window = 0;
  std::size_t unknown = 0;
  bool is_of_state = false;
  for (const PlanItem& item : plan.items) {
    const PastSteps::Step* step = past.Find(item.body);
    if (IsOfState(item.body)) {
      is_of_state = true;
      in_window += IsInWindow(item) ? 1 : 0;
      unknown += IsInWindow(item) && step == nullptr ? 1 : 0;
    }
    const auto* snapshot = std::get_if<SnapshotItem>(&item.body);
    if (snapshot == nullptr || snapshot->part == SnapshotPart::kBase) continue;
    const std::string what =
        fmt::format("the last snapshot of {} in {} on {}", snapshot->activity.service_name.text,
                    snapshot->activity.container.text, item.queue.name);
    lines.push_back(step == nullptr ? what + " is not known"
                                    : fmt::format("{} had {}", what, SizeText(step->bytes)));
  }
  if (!is_of_state) return {};
  if (in_window == 0) return lines;
  std::string line = "expected to be locked for about " +
                     DurationText(Duration(LongestWay(plan, past))) +
                     ", by how long such steps took last";
  if (unknown > 0) line += fmt::format(" ({} of {} with state are not known)", unknown, in_window);
  lines.push_back(std::move(line));
  return lines;
}

Result<PastSteps> AskPastSteps(Client& client, const Plan& plan) {
  constexpr std::uint32_t kLooked = 50;
  constexpr std::size_t kMostAsked = 5;
  PastSteps past;
  const bool is_of_state = std::any_of(plan.items.begin(), plan.items.end(),
                                       [](const PlanItem& item) { return IsOfState(item.body); });
  if (!is_of_state) return past;
  Request request;
  request.profile = plan.profile;
  request.limit = kLooked;
  ERIS_ASSIGN(const std::vector<TransactionStatus> newest_first, AskStatus(client, request));
  const std::set<std::string> speak_of_state{"deploy", "rollback", "snapshot", "restore",
                                             "migrate"};
  std::size_t asked = 0;
  for (const TransactionStatus& status : newest_first) {
    if (!speak_of_state.contains(status.action) || status.plan_hash.empty()) continue;
    if (++asked > kMostAsked) break;
    Request logs;
    logs.transaction.transaction = status.transaction;
    ERIS_ASSIGN(std::vector<Reply> replies, client.Ask(RequestVerb::kLogs, logs, kAnswerPatience));
    for (const LogEntry& entry : Collect(std::move(replies), &LogsReply::entries)) past.Add(entry);
  }
  return past;
}

}  // namespace eris::cli
