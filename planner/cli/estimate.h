// How large and how long a plan is expected to be, by what such steps were when they were done
// last. For people: printed beside a plan, and no part of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "planner/cli/client.h"
#include "schema/base/error.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"

namespace eris::cli {

// What was done before. A value.
class PastSteps {
 public:
  // To be told newest first: what is known already stays. Only what has succeeded counts.
  void Add(const LogEntry& entry);

  struct Step {
    std::int64_t took_ms = 0;
    std::uint64_t bytes = 0;  // of snapshots
  };
  // The last one that did the same to the same service.
  const Step* Find(const ItemBody& body) const;

 private:
  std::map<std::string, Step> steps_;
};

// The last snapshot of each state that is taken or fetched, and how long its services are expected
// to be down: along the longest way through the switch. Empty for a plan that is not about states.
std::vector<std::string> EstimatesOf(const Plan& plan, const PastSteps& past);

// What the planner's journal has of the profile's last transactions, as far as the plan is about
// states; empty otherwise.
Result<PastSteps> AskPastSteps(Client& client, const Plan& plan);

}  // namespace eris::cli
