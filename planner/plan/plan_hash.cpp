#include "planner/plan/plan_hash.h"

#include <cstdint>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "schema/base/digest.h"

namespace eris {
namespace {

// Appends values; every overload of Put writes all fields of its type, in their order.
class CanonicalWriter {
 public:
  void Put(const Plan& plan) {
    Text("eris plan 1");
    PutAll(plan.profile, plan.base, plan.items, plan.summary);
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  void Integer(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>((value >> shift) & 0xff));
    }
  }
  void Text(std::string_view text) {
    Integer(text.size());
    bytes_.append(text);
  }

  template <typename... Values>
  void PutAll(const Values&... values) {
    (Put(values), ...);
  }

  template <typename Value>
  requires std::is_integral_v<Value>
  void Put(Value value) { Integer(static_cast<std::uint64_t>(value)); }
  template <typename Value>
  requires std::is_enum_v<Value>
  void Put(Value value) { Integer(static_cast<std::uint64_t>(value)); }
  void Put(const std::string& text) { Text(text); }
  template <typename Tag>
  void Put(const Name<Tag>& name) {
    Text(name.text);
  }
  template <typename Tag, typename Int>
  void Put(const Number<Tag, Int>& number) {
    Integer(number.value);
  }
  template <typename Value>
  void Put(const std::vector<Value>& list) {
    Integer(list.size());
    for (const Value& value : list) Put(value);
  }
  template <typename Value>
  void Put(const std::optional<Value>& value) {
    Integer(value ? 1 : 0);
    if (value) Put(*value);
  }
  template <typename... Values>
  void Put(const std::variant<Values...>& value) {
    Integer(value.index());
    std::visit([this](const auto& held) { this->Put(held); }, value);
  }

  void Put(const PlanSummary& summary) {
    PutAll(summary.activate, summary.deactivate, summary.bounced, summary.kept, summary.down,
           summary.state);
    if (!summary.left_out.empty()) Put(summary.left_out);
    if (!summary.in_doubt.empty()) Put(summary.in_doubt);
  }
  void Put(const PlanItem& item) {
    PutAll(item.phase, item.stage, item.queue.kind, item.queue.name, item.body, item.inverse,
           item.after, item.deadline_ms);
  }
  void Put(const Property& property) {
    PutAll(property.name, property.kind, property.text, property.json);
  }
  void Put(const Activity& activity) {
    PutAll(activity.service_name, activity.service, activity.container, activity.digest,
           activity.module, activity.package, activity.component, activity.properties);
  }
  void Put(const BuildItem::Derivation& derivation) {
    PutAll(derivation.derivation, derivation.output);
  }
  void Put(const BuildItem& item) { PutAll(item.system, item.derivations); }
  void Put(const TransferItem& item) {
    PutAll(item.profile, item.paths);
    if (item.way != TransferItem::Way::kToTarget) Put(item.way);
    if (!item.substituters.empty()) Put(item.substituters);
  }
  void Put(const AcquireLease& lease) {
    PutAll(lease.profile, lease.lease_ms);
    if (lease.switch_items != 0) Put(lease.switch_items);
  }
  void Put(const ConfirmLease&) {}
  void Put(const LockComponents& lock) { Put(lock.components); }
  void Put(const LockItem& item) { Put(item.what); }
  void Put(const ReleaseLease&) {}
  void Put(const UnlockComponents& unlock) { Put(unlock.components); }
  void Put(const UnlockItem& item) { Put(item.what); }
  void Put(const ActivateItem& item) { Put(item.activity); }
  void Put(const DeactivateItem& item) { Put(item.activity); }
  void Put(const SnapshotItem& item) {
    Put(item.activity);
    if (item.part != SnapshotPart::kWhole) PutAll(item.part, item.base, item.taken_by);
  }
  void Put(const RestoreItem& item) { PutAll(item.activity, item.snapshot, item.taken_by); }
  void Put(const DeleteStateItem& item) { Put(item.activity); }
  void Put(const SetProfileItem& item) { PutAll(item.profile, item.path); }
  void Put(const CollectItem& item) {
    Put(item.scope);
    Put(item.container);
    Put(item.component);
    Put(std::uint64_t{item.keep});
  }
  void Put(const AdoptItem& item) { PutAll(item.way, item.components); }
  void Put(const QueryItem& item) { PutAll(item.profile, item.what); }
  void Put(const DiagnoseItem& item) {
    PutAll(item.profile, item.service_name, item.container, item.service, item.command);
  }
  void Put(const TransferStateItem& item) {
    PutAll(item.profile, item.way, item.service_name, item.container, item.component, item.from,
           item.snapshot, item.taken_by);
    if (item.part != SnapshotPart::kWhole) Put(item.part);
  }

  std::string bytes_;
};

}  // namespace

std::string CanonicalPlanBytes(const Plan& plan) {
  CanonicalWriter writer;
  writer.Put(plan);
  return std::move(writer).Take();
}

std::string PlanHash(const Plan& plan) { return Hex(Sha256(CanonicalPlanBytes(plan))); }

}  // namespace eris
