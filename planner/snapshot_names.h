// Which snapshot an item is about. A plan says which items take it; its name is known when those
// have succeeded, and is then put into the items that need it, before these are published.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schema/values/ids.h"
#include "schema/values/plan.h"

namespace eris::planner {

// Owned by the transaction, beside the plan that it completes. Equal reports in equal order give
// equal plans: what is published follows from the journal.
class SnapshotNames {
 public:
  SnapshotNames() = default;
  explicit SnapshotNames(const Plan& plan);

  // `item` of the plan has succeeded and names what it took; empty when there was nothing to take.
  // Returns what is wrong with it, in one line: copies that should be equal and are not.
  std::string OnTaken(ItemIndex item, const std::string& reference, Plan& plan);
  // Whether an item of the plan, or an inverse, needs what this one takes.
  bool IsNeeded(ItemIndex item) const { return takers_.contains(item); }

 private:
  std::map<ItemIndex, std::vector<ItemIndex>> takers_;
  std::map<ItemIndex, std::string> taken_;
};

}  // namespace eris::planner
