// State on its way from where it was read to where it is needed; and its end.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "planner/plan/internal/switch_parts.h"
#include "schema/base/planted.h"

namespace eris::plan_internal {
namespace {

class TransferMaker {
 public:
  // `taken`: what takes it, whole or a base, by mapping of the base.
  TransferMaker(const PlanContext& context, const ItemOfMapping& taken, SnapshotPart part,
                ItemList& items)
      : context_(context), taken_(taken), part_(part), items_(items) {}

  // To where their increments will go.
  void MakeBases() && {
    for (const StateWork& work : context_.states.works) {
      const bool has_bases =
          !work.sources.empty() &&
          std::all_of(work.sources.begin(), work.sources.end(),
                      [this](DagNode source) { return taken_[source] != kNoItem; });
      if (!has_bases) continue;
      if (work.purpose == StateWork::Purpose::kMove) AddMove(work);
      if (work.purpose != StateWork::Purpose::kKeep) continue;
      for (const DagNode source : work.sources) AddUpload(work, source);
    }
  }

  ArrivalItems Make() && {
    for (const StateWork& work : context_.states.works) {
      switch (work.purpose) {
        case StateWork::Purpose::kMove:
          AddMove(work);
          break;
        case StateWork::Purpose::kKeep:
          for (const DagNode source : work.sources) AddUpload(work, source);
          break;
        case StateWork::Purpose::kUndone:
        case StateWork::Purpose::kStray:
        case StateWork::Purpose::kRefill:
          break;
      }
    }
    for (const DagNode node : context_.states.begun) {
      const Service& service = context_.input.next.services.at(New(node).service);
      AddArrival(node, BodyFor(service.name, context_.input.next, New(node)), {});
    }
    return std::move(arrivals_);
  }

 private:
  const Mapping& Old(DagNode node) const { return context_.base.mappings[node]; }
  const Mapping& New(DagNode node) const { return context_.input.next.mappings[node]; }

  // The copies must be equal: who transfers one comes after the snapshots of all.
  ItemIndices SnapshotsOf(const StateWork& work) const {
    ItemIndices taken;
    for (const DagNode source : work.sources) taken.push_back({taken_[source]});
    std::sort(taken.begin(), taken.end());
    return taken;
  }

  ItemIndex AddTransfer(const Mapping& at, TransferStateItem body, ItemIndices after,
                        std::optional<ItemBody> inverse) {
    after.insert(after.end(), body.taken_by.begin(), body.taken_by.end());
    const bool is_base = part_ == SnapshotPart::kBase;
    return items_.Add(is_base ? Stage::kProfiles : Stage::kDown,
                      {.phase = is_base ? PlanPhase::kPrepare : PlanPhase::kSwitch,
                       .queue = TargetQueue(at.target),
                       .body = std::move(body),
                       .inverse = std::move(inverse),
                       .after = std::move(after),
                       .deadline_ms = std::nullopt});
  }

  ItemIndex AddUpload(const StateWork& work, DagNode source) {
    const Mapping& mapping = Old(source);
    TransferStateItem body = BodyFor(work.change->service, context_.base, mapping);
    body.way = TransferStateItem::Way::kToDepot;
    body.from = mapping.target;
    body.taken_by = work.purpose == StateWork::Purpose::kMove ? SnapshotsOf(work)
                                                              : ItemIndices{{taken_[source]}};
    return AddTransfer(mapping, std::move(body), {}, std::nullopt);
  }

  TransferStateItem BodyFor(const ServiceName& service, const Manifest& manifest,
                            const Mapping& mapping) const {
    return {.profile = context_.input.profile,
            .way = TransferStateItem::Way::kWithin,
            .service_name = service,
            .container = mapping.container,
            .component = ComponentOf(manifest.services.at(mapping.service).package),
            .from = {},
            .snapshot = {},
            .taken_by = {},
            .part = part_};
  }

  // A receiver on the target of a source takes it over there; all others by way of the depot.
  void AddMove(const StateWork& work) {
    std::optional<ItemIndex> uploaded;
    for (const DagNode receiver : work.receivers) {
      const Mapping& mapping = New(receiver);
      const auto near = std::find_if(work.sources.begin(), work.sources.end(), [&](DagNode source) {
        return Old(source).target == mapping.target;
      });
      TransferStateItem body = BodyFor(work.change->service, context_.input.next, mapping);
      ItemIndices after;
      if (near != work.sources.end()) {
        body.way = TransferStateItem::Way::kWithin;
        body.from = mapping.target;
        body.taken_by = SnapshotsOf(work);
      } else if (!work.sources.empty()) {
        if (!uploaded) uploaded = AddUpload(work, work.sources.front());
        body.way = TransferStateItem::Way::kFromDepot;
        body.from = Old(work.sources.front()).target;
        body.taken_by = {*uploaded};
      } else {
        const Mapping& last = Old(work.change->holders.front());
        body.way = TransferStateItem::Way::kFromDepot;
        body.snapshot =
            fmt::format("{}/{}/", last.container.text,
                        ComponentOf(context_.base.services.at(last.service).package).text);
      }
      AddArrival(receiver, std::move(body), std::move(after));
    }
  }

  // On the way back what is at the new place is dumped once more before it is left alone; also
  // where nothing came to: what was written there must not be lost when something comes later.
  void AddArrival(DagNode receiver, TransferStateItem body, ItemIndices after) {
    const Mapping& mapping = New(receiver);
    if (part_ == SnapshotPart::kBase) {
      AddTransfer(mapping, std::move(body), std::move(after), std::nullopt);
      return;
    }
    arrivals_[receiver] = AddTransfer(mapping, std::move(body), std::move(after),
                                      SnapshotItem{ActivityOf(context_.input.next, mapping)});
  }

  const PlanContext& context_;
  const ItemOfMapping& taken_;
  const SnapshotPart part_;
  ItemList& items_;
  ArrivalItems arrivals_;
};

}  // namespace

ArrivalItems AddStateTransfers(const PlanContext& context, const DownItems& down, ItemList& items) {
  return TransferMaker(context, down.snapshot, SnapshotPart::kWhole, items).Make();
}

BaseItems AddBases(const PlanContext& context, ItemList& items) {
  BaseItems bases;
  ItemOfMapping taken(context.graphs.base.services.size(), kNoItem);
  for (const DagNode source : context.states.bases) {
    const Mapping& mapping = context.base.mappings[source];
    bases[source] = items.Add(
        Stage::kProfiles, {.phase = PlanPhase::kPrepare,
                           .queue = TargetQueue(mapping.target),
                           .body = SnapshotItem{.activity = ActivityOf(context.base, mapping),
                                                .part = SnapshotPart::kBase},
                           .inverse = std::nullopt,
                           .after = {},
                           .deadline_ms = context.base.services.at(mapping.service).deadline_ms});
    taken[source] = bases[source].value;
  }
  TransferMaker(context, taken, SnapshotPart::kBase, items).MakeBases();
  return bases;
}

void AddDeletions(const PlanContext& context, ItemList& items) {
  for (const DagNode node : context.states.deleted) {
    const Mapping& mapping = context.base.mappings[node];
    const bool is_early = IsPlanted(Bug::kDeleteEarly);
    items.Add(is_early ? Stage::kUp : Stage::kAfter,
              {.phase = is_early ? PlanPhase::kSwitch : PlanPhase::kAfterCommit,
               .queue = TargetQueue(mapping.target),
               .body = DeleteStateItem{ActivityOf(context.base, mapping)},
               .inverse = std::nullopt,
               .after = {},
               .deadline_ms = context.base.services.at(mapping.service).deadline_ms});
  }
}

}  // namespace eris::plan_internal
