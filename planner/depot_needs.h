// Keeps the snapshots of the depot that open transactions need from any retention
// (state/snapshots/needs.h).
#pragma once

#include <filesystem>
#include <functional>

#include "planner/transaction.h"
#include "schema/base/error.h"
#include "schema/values/event.h"

namespace eris::planner {

// Owned by the daemon. Every call may be repeated.
class DepotNeeds {
 public:
  // Below `root` there is a store for each profile.
  explicit DepotNeeds(std::filesystem::path root) : root_(std::move(root)) {}

  // After the event is durable; `transaction` is its, null when it has been forgotten.
  Status Follow(const Event& event, const Transaction* transaction) const;
  // Of the transactions that are meant.
  Status Drop(const std::function<bool(TransactionId)>& is_meant) const;

 private:
  Status Add(TransactionId transaction, const ProfileName& profile,
             const std::string& reference) const;

  std::filesystem::path root_;
};

}  // namespace eris::planner
