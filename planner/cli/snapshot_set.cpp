#include "planner/cli/snapshot_set.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/submitting.h"
#include "planner/plan/plan_text.h"

namespace eris::cli {

Result<std::vector<SentSnapshot>> FetchSet(Client& client, const TransactionRef& transaction) {
  constexpr std::string_view kTarget = "target.";
  Request request;
  request.transaction = transaction;
  ERIS_ASSIGN(std::vector<Reply> replies, client.Ask(RequestVerb::kLogs, request, kAnswerPatience));
  std::vector<SentSnapshot> set;
  for (const LogEntry& entry : Collect(std::move(replies), &LogsReply::entries)) {
    const auto* report = std::get_if<SnapshotReport>(&entry.outcome.report);
    const ServiceName service = SentStateIn(entry.item.subject);
    if (report == nullptr || report->snapshot.empty() || service.empty()) continue;
    const std::string& queue = entry.item.queue;
    set.push_back(
        {.service = service,
         .from = TargetName(queue.starts_with(kTarget) ? queue.substr(kTarget.size()) : queue),
         .snapshot = {.reference = report->snapshot, .generation = 0, .bytes = report->bytes}});
  }
  return set;
}

}  // namespace eris::cli
