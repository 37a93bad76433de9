#include "tests/sim/operator.h"

#include <algorithm>
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

// As `eris unlock --break` does. Before the point of no return it is told to cancel instead.
void Operator::MayBreakLock(const std::vector<TargetName>& targets) {
  const auto& open = context_.faults.phases().open();
  if (open.empty() || !context_.faults.WantsBrokenLock()) return;
  context_.faults.Count(Fault::kBreakLock);
  Request request;
  request.transaction.transaction = open.begin()->first;
  request.target = targets[broken_++ % targets.size()];
  client_.Ask(RequestVerb::kAbandon, request);
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
  for (const auto& [transaction, profile] : phases.all()) {
    for (const TargetName& target : gone) {
      Request request;
      request.transaction.transaction = transaction;
      request.target = target;
      client_.Ask(RequestVerb::kAbandon, request);
    }
  }
}

bool Operator::HasLooked(const std::vector<TargetName>& targets, const std::set<TargetName>& gone) {
  const auto name = [this] { return SubmissionId("look" + std::to_string(looks_)); };
  const auto seen = context_.faults.phases().EndOf(name());
  if (looks_ > 0 && seen == TransactionResult::kCommitted) return true;
  ++looks_;
  std::vector<TargetName> present;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(present),
               [&gone](const TargetName& target) { return !gone.contains(target); });
  client_.Submit({.id = name(),
                  .profile = ProfileName("default"),
                  .author = {},
                  .options = {},
                  .action = Operate{QueryItem{ProfileName("default")}, std::move(present)}});
  return false;
}

}  // namespace eris::sim
