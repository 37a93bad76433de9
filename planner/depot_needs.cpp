#include "planner/depot_needs.h"

#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "state/snapshots/needs.h"

namespace eris::planner {
namespace {

const TransferStateItem* TransferAt(const Transaction& transaction, ItemIndex item) {
  const std::vector<PlanItem>& items = transaction.plan().items;
  return item.value < items.size() ? std::get_if<TransferStateItem>(&items[item.value].body)
                                   : nullptr;
}

}  // namespace

Status DepotNeeds::Add(TransactionId transaction, const ProfileName& profile,
                       const std::string& reference) const {
  const auto name = snapshots::ParseReference(reference);
  // The newest stays anyway; of all generations none is needed for itself.
  if (!name || name->id.empty() || name->id == snapshots::kAllGenerations) return {};
  return snapshots::SnapshotNeeds(root_ / profile.text).Add(transaction.value, *name);
}

Status DepotNeeds::Follow(const Event& event, const Transaction* transaction) const {
  if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
    if (ended->result == TransactionResult::kStuck) return {};
    return Drop([&](TransactionId other) { return other == event.transaction; });
  }
  if (transaction == nullptr || !transaction->is_planned()) return {};
  if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
    for (const PublishedItem& item : published->items) {
      const TransferStateItem* transfer = TransferAt(*transaction, item.index);
      if (transfer == nullptr || transfer->way != TransferStateItem::Way::kFromDepot) continue;
      ERIS_TRY(Add(event.transaction, transfer->profile, transfer->snapshot));
    }
  }
  if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
    const TransferStateItem* transfer = TransferAt(*transaction, settled->item.index);
    const auto* report = std::get_if<SnapshotReport>(&settled->outcome.report);
    if (transfer == nullptr || report == nullptr) return {};
    if (transfer->way != TransferStateItem::Way::kToDepot) return {};
    return Add(event.transaction, transfer->profile, report->snapshot);
  }
  return {};
}

Status DepotNeeds::Drop(const std::function<bool(TransactionId)>& is_meant) const {
  std::vector<std::filesystem::path> stores;
  std::error_code error;
  std::filesystem::directory_iterator entry(root_, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    stores.push_back(entry->path());
  }
  for (const std::filesystem::path& store : stores) {
    ERIS_TRY(snapshots::SnapshotNeeds(store).Drop(
        [&](std::uint64_t transaction) { return is_meant(TransactionId{transaction}); }));
  }
  return {};
}

}  // namespace eris::planner
