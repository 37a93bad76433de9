#include "tests/sim/operator.h"

#include <iterator>
#include <string>
#include <utility>

namespace eris::sim {

void Operator::MayCancel() {
  const auto& open = context_.faults.phases().open();
  if (open.empty() || !context_.faults.Strikes(Fault::kCancel)) return;
  const auto chosen =
      std::next(open.begin(), static_cast<std::ptrdiff_t>(context_.timeline.Below(open.size())));
  Request request;
  request.transaction.transaction = chosen->first;
  request.reason = "changed my mind";
  client_.Ask(RequestVerb::kCancel, request);
}

void Operator::TidyUp(const std::set<TargetName>& gone) {
  const Phases& phases = context_.faults.phases();
  // One after the other: a retry is a submission of its own.
  if (client_.done() && !phases.stuck().empty()) {
    const TransactionId stuck = *phases.stuck().begin();
    context_.faults.Mark("a stuck transaction is tried again");
    client_.Submit({.id = SubmissionId("retry" + std::to_string(++retries_)),
                    .profile = phases.ProfileOf(stuck),
                    .author = {},
                    .options = {},
                    .action = RetryTransaction{stuck}});
  }
  for (const auto& [transaction, targets] : phases.waiting()) {
    for (const TargetName& target : targets) {
      if (!gone.contains(target)) continue;
      Request request;
      request.transaction.transaction = transaction;
      request.target = target;
      client_.Ask(RequestVerb::kAbandon, request);
    }
  }
}

bool Operator::HasLooked(const std::vector<TargetName>& targets) {
  if (std::exchange(has_looked_, true)) return true;
  client_.Submit({.id = SubmissionId("look0"),
                  .profile = ProfileName("default"),
                  .author = {},
                  .options = {},
                  .action = Operate{QueryItem{ProfileName("default")}, targets}});
  return false;
}

}  // namespace eris::sim
