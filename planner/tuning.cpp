#include "planner/tuning.h"

#include <algorithm>
#include <variant>

namespace eris::planner {

Duration DefaultDeadline(const Tuning& tuning, const ItemBody& body) {
  struct Visitor {
    const Tuning& tuning;
    Duration operator()(const BuildItem&) const { return tuning.supply_deadline; }
    Duration operator()(const TransferItem&) const { return tuning.supply_deadline; }
    Duration operator()(const TransferStateItem&) const { return tuning.supply_deadline; }
    Duration operator()(const DiagnoseItem&) const { return tuning.diagnose_deadline; }
    Duration operator()(const CollectItem&) const { return tuning.supply_deadline; }
    Duration operator()(const SetProfileItem&) const { return tuning.control_deadline; }
    Duration operator()(const AdoptItem&) const { return tuning.control_deadline; }
    Duration operator()(const QueryItem&) const { return tuning.control_deadline; }
    Duration operator()(const LockItem& item) const {
      return std::holds_alternative<LockComponents>(item.what) ? tuning.activity_deadline
                                                               : tuning.control_deadline;
    }
    Duration operator()(const UnlockItem& item) const {
      return std::holds_alternative<UnlockComponents>(item.what) ? tuning.activity_deadline
                                                                 : tuning.control_deadline;
    }
    Duration operator()(const ActivateItem&) const { return tuning.activity_deadline; }
    Duration operator()(const DeactivateItem&) const { return tuning.activity_deadline; }
    Duration operator()(const SnapshotItem&) const { return tuning.activity_deadline; }
    Duration operator()(const RestoreItem&) const { return tuning.activity_deadline; }
    Duration operator()(const DeleteStateItem&) const { return tuning.activity_deadline; }
  };
  return std::visit(Visitor{tuning}, body);
}

Duration RetryDelay(const Tuning& tuning, std::uint32_t failed_attempts) {
  constexpr std::uint32_t kMaxDoublings = 16;
  const std::uint32_t doublings =
      std::min(failed_attempts > 0 ? failed_attempts - 1 : 0, kMaxDoublings);
  return std::min(tuning.retry_base * (std::int64_t{1} << doublings), tuning.retry_max);
}

}  // namespace eris::planner
