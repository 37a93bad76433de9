#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::Activity::Builder to, const Activity& from) {
  to.setServiceName(Text(from.service_name));
  to.setService(Text(from.service));
  to.setContainer(Text(from.container));
  to.setDigest(Text(from.digest));
  to.setModule(Text(from.module));
  to.setPackage(Text(from.package));
  to.setComponent(Text(from.component));
  WriteList(to.initProperties(Count(from.properties)), from.properties, codec::Write);
}

void Write(wire::BuildItem::Builder to, const BuildItem& from) {
  to.setSystem(Text(from.system));
  auto list = to.initDerivations(Count(from.derivations));
  for (capnp::uint i = 0; i < list.size(); ++i) {
    list[i].setDerivation(Text(from.derivations[i].derivation));
    list[i].setOutput(Text(from.derivations[i].output));
  }
}

void Write(wire::TransferItem::Builder to, const TransferItem& from) {
  to.setProfile(Text(from.profile));
  WriteTexts(to.initPaths(Count(from.paths)), from.paths);
  to.setWay(ToWire(from.way));
  auto substituters = to.initSubstituters(Count(from.substituters));
  for (capnp::uint i = 0; i < substituters.size(); ++i) {
    substituters.set(i, Text(from.substituters[i]));
  }
}

void Write(wire::LockItem::Builder to, const LockItem& from) {
  std::visit(Overloaded{[&](const AcquireLease& lease) {
                          auto acquire = to.initAcquire();
                          acquire.setProfile(Text(lease.profile));
                          acquire.setLeaseMs(lease.lease_ms);
                          acquire.setSwitchItems(lease.switch_items);
                        },
                        [&](const ConfirmLease&) { to.setConfirm(); },
                        [&](const LockComponents& lock) {
                          WriteList(to.initComponents(Count(lock.components)), lock.components,
                                    Write);
                        }},
             from.what);
}

void Write(wire::UnlockItem::Builder to, const UnlockItem& from) {
  std::visit(Overloaded{[&](const ReleaseLease&) { to.setRelease(); },
                        [&](const UnlockComponents& unlock) {
                          WriteList(to.initComponents(Count(unlock.components)), unlock.components,
                                    Write);
                        }},
             from.what);
}

void Write(capnp::List<std::uint32_t>::Builder to, const std::vector<ItemIndex>& from) {
  for (capnp::uint i = 0; i < to.size(); ++i) to.set(i, from[i].value);
}

// An increment without a base is a whole snapshot: older workers take that.
void Write(wire::ItemBody::Builder to, const SnapshotItem& from) {
  const bool has_base = !from.base.empty() || !from.taken_by.empty();
  const bool is_whole =
      from.part == SnapshotPart::kWhole || (from.part == SnapshotPart::kIncrement && !has_base);
  if (is_whole) return Write(to.initSnapshot(), from.activity);
  auto part = to.initSnapshotPart();
  Write(part.initActivity(), from.activity);
  part.setPart(ToWire(from.part));
  part.setBase(Text(from.base));
  Write(part.initTakenBy(Count(from.taken_by)), from.taken_by);
}

void Write(wire::RestoreItem::Builder to, const RestoreItem& from) {
  Write(to.initActivity(), from.activity);
  to.setSnapshot(Text(from.snapshot));
  Write(to.initTakenBy(Count(from.taken_by)), from.taken_by);
}

void Write(wire::TransferStateItem::Builder to, const TransferStateItem& from) {
  to.setProfile(Text(from.profile));
  to.setWay(ToWire(from.way));
  to.setServiceName(Text(from.service_name));
  to.setContainer(Text(from.container));
  to.setComponent(Text(from.component));
  to.setFrom(Text(from.from));
  to.setSnapshot(Text(from.snapshot));
  Write(to.initTakenBy(Count(from.taken_by)), from.taken_by);
  to.setPart(ToWire(from.part));
}

void Write(wire::SetProfileItem::Builder to, const SetProfileItem& from) {
  to.setProfile(Text(from.profile));
  to.setPath(Text(from.path));
}

void Read(wire::Activity::Reader from, Activity& to, Input& in) {
  to.service_name = ServiceName(in.Name(from.getServiceName()));
  to.service = ServiceKey(in.Name(from.getService()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.digest = in.Name(from.getDigest());
  to.module = in.Path(from.getModule());
  to.package = StorePath(in.Path(from.getPackage()));
  to.component = ComponentName(in.Name(from.getComponent()));
  ReadList(from.getProperties(), to.properties, in, codec::Read);
}

void Read(wire::BuildItem::Derivation::Reader from, BuildItem::Derivation& to, Input& in) {
  to.derivation = StorePath(in.Path(from.getDerivation()));
  to.output = StorePath(in.Path(from.getOutput()));
}

BuildItem ReadBuild(wire::BuildItem::Reader from, Input& in) {
  BuildItem to;
  to.system = SystemName(in.Name(from.getSystem()));
  ReadList(from.getDerivations(), to.derivations, in, Read);
  return to;
}

TransferItem ReadTransfer(wire::TransferItem::Reader from, Input& in) {
  TransferItem to;
  to.profile = ProfileName(in.Name(from.getProfile()));
  ReadTexts(from.getPaths(), to.paths, in, &Input::Path);
  to.way = in.Enum<TransferItem::Way>(from.getWay());
  constexpr std::size_t kSubstituters = 16;
  if (from.getSubstituters().size() > kSubstituters) in.Fail("too many substituters");
  for (const auto one : from.getSubstituters()) to.substituters.push_back(in.Name(one));
  return to;
}

LockItem ReadLock(wire::LockItem::Reader from, Input& in) {
  switch (from.which()) {
    case wire::LockItem::ACQUIRE:
      return {AcquireLease{.profile = ProfileName(in.Name(from.getAcquire().getProfile())),
                           .lease_ms = in.Ms(from.getAcquire().getLeaseMs()),
                           .switch_items = from.getAcquire().getSwitchItems()}};
    case wire::LockItem::CONFIRM:
      return {ConfirmLease{}};
    case wire::LockItem::COMPONENTS: {
      LockComponents lock;
      ReadList(from.getComponents(), lock.components, in, Read);
      return {std::move(lock)};
    }
    default:
      in.Unimplemented("LockItem", from.which());
      return {};
  }
}

UnlockItem ReadUnlock(wire::UnlockItem::Reader from, Input& in) {
  switch (from.which()) {
    case wire::UnlockItem::RELEASE:
      return {ReleaseLease{}};
    case wire::UnlockItem::COMPONENTS: {
      UnlockComponents unlock;
      ReadList(from.getComponents(), unlock.components, in, Read);
      return {std::move(unlock)};
    }
    default:
      in.Unimplemented("UnlockItem", from.which());
      return {};
  }
}

std::vector<ItemIndex> ReadIndices(capnp::List<std::uint32_t>::Reader from) {
  std::vector<ItemIndex> to;
  to.reserve(from.size());
  for (const std::uint32_t value : from) to.push_back({value});
  return to;
}

SnapshotItem ReadPart(wire::PartialSnapshot::Reader from, Input& in) {
  SnapshotItem to;
  Read(from.getActivity(), to.activity, in);
  to.part = in.Enum<SnapshotPart>(from.getPart());
  if (to.part == SnapshotPart::kWhole) in.Fail("a part of a snapshot is none");
  to.base = in.Path(from.getBase());
  for (const std::uint32_t index : from.getTakenBy()) to.taken_by.push_back({index});
  return to;
}

RestoreItem ReadRestore(wire::RestoreItem::Reader from, Input& in) {
  RestoreItem to;
  Read(from.getActivity(), to.activity, in);
  to.snapshot = in.Path(from.getSnapshot());
  to.taken_by = ReadIndices(from.getTakenBy());
  return to;
}

void Write(wire::CollectItem::Builder to, const CollectItem& from) {
  to.setScope(ToWire(from.scope));
  to.setContainer(Text(from.container));
  to.setComponent(Text(from.component));
  to.setKeep(from.keep);
}

CollectItem ReadCollect(wire::CollectItem::Reader from, Input& in) {
  CollectItem to{.scope = in.Enum<CollectItem::Scope>(from.getScope()),
                 .container = ContainerName(in.Name(from.getContainer())),
                 .component = ComponentName(in.Name(from.getComponent())),
                 .keep = from.getKeep()};
  if (to.keep < 1) in.Fail("CollectItem.keep is 0");
  return to;
}

TransferStateItem ReadTransferState(wire::TransferStateItem::Reader from, Input& in) {
  TransferStateItem to;
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.way = in.Enum<TransferStateItem::Way>(from.getWay());
  to.service_name = ServiceName(in.Name(from.getServiceName()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.component = ComponentName(in.Name(from.getComponent()));
  to.from = TargetName(in.Name(from.getFrom()));
  to.snapshot = in.Path(from.getSnapshot());
  to.taken_by = ReadIndices(from.getTakenBy());
  to.part = in.Enum<SnapshotPart>(from.getPart());
  if (to.part == SnapshotPart::kIncrement) in.Fail("an increment travels as a whole snapshot");
  return to;
}

SetProfileItem ReadSetProfile(wire::SetProfileItem::Reader from, Input& in) {
  return {.profile = ProfileName(in.Name(from.getProfile())),
          .path = StorePath(in.Path(from.getPath()))};
}

// The verbs that carry an activity and nothing else.
template <typename Item>
Item ReadActivityItem(wire::Activity::Reader from, Input& in) {
  Item to;
  Read(from, to.activity, in);
  return to;
}

void Write(wire::DiagnoseItem::Builder to, const DiagnoseItem& from) {
  to.setProfile(Text(from.profile));
  to.setServiceName(Text(from.service_name));
  to.setContainer(Text(from.container));
  to.setService(Text(from.service));
  to.setCommand(Text(from.command));
  to.setStream(from.stream);
  to.setTerminal(Text(from.terminal));
  to.setRows(from.rows);
  to.setColumns(from.columns);
}

DiagnoseItem ReadDiagnose(wire::DiagnoseItem::Reader from, Input& in) {
  return {.profile = ProfileName(in.Name(from.getProfile())),
          .service_name = ServiceName(in.Name(from.getServiceName())),
          .container = ContainerName(in.Name(from.getContainer())),
          .service = ServiceKey(in.Name(from.getService())),
          .command = in.Text(from.getCommand()),
          .stream = from.getStream(),
          .terminal = in.Name(from.getTerminal()),
          .rows = from.getRows(),
          .columns = from.getColumns()};
}

void Write(wire::AdoptItem::Builder to, const AdoptItem& from) {
  to.setWay(ToWire(from.way));
  WriteList(to.initComponents(Count(from.components)), from.components, Write);
}

AdoptItem ReadAdopt(wire::AdoptItem::Reader from, Input& in) {
  AdoptItem to{.way = in.Enum<AdoptItem::Way>(from.getWay()), .components = {}};
  ReadList(from.getComponents(), to.components, in, Read);
  return to;
}

}  // namespace

void Write(wire::ItemBody::Builder to, const ItemBody& from) {
  std::visit(Overloaded{
                 [&](const BuildItem& item) { Write(to.initBuild(), item); },
                 [&](const TransferItem& item) { Write(to.initTransfer(), item); },
                 [&](const LockItem& item) { Write(to.initLock(), item); },
                 [&](const UnlockItem& item) { Write(to.initUnlock(), item); },
                 [&](const ActivateItem& item) { Write(to.initActivate(), item.activity); },
                 [&](const DeactivateItem& item) { Write(to.initDeactivate(), item.activity); },
                 [&](const SnapshotItem& item) { Write(to, item); },
                 [&](const RestoreItem& item) { Write(to.initRestore(), item); },
                 [&](const DeleteStateItem& item) { Write(to.initDeleteState(), item.activity); },
                 [&](const SetProfileItem& item) { Write(to.initSetProfile(), item); },
                 [&](const CollectItem& item) { Write(to.initCollect(), item); },
                 [&](const QueryItem& item) {
                   auto query = to.initQuery();
                   query.setProfile(Text(item.profile));
                   query.setWhat(ToWire(item.what));
                 },
                 [&](const TransferStateItem& item) { Write(to.initTransferState(), item); },
                 [&](const DiagnoseItem& item) { Write(to.initDiagnose(), item); },
                 [&](const AdoptItem& item) { Write(to.initAdopt(), item); },
             },
             from);
}

void Read(wire::ItemBody::Reader from, ItemBody& to, Input& in) {
  switch (from.which()) {
    case wire::ItemBody::BUILD:
      to = ReadBuild(from.getBuild(), in);
      return;
    case wire::ItemBody::TRANSFER:
      to = ReadTransfer(from.getTransfer(), in);
      return;
    case wire::ItemBody::LOCK:
      to = ReadLock(from.getLock(), in);
      return;
    case wire::ItemBody::UNLOCK:
      to = ReadUnlock(from.getUnlock(), in);
      return;
    case wire::ItemBody::ACTIVATE:
      to = ReadActivityItem<ActivateItem>(from.getActivate(), in);
      return;
    case wire::ItemBody::DEACTIVATE:
      to = ReadActivityItem<DeactivateItem>(from.getDeactivate(), in);
      return;
    case wire::ItemBody::SNAPSHOT:
      to = ReadActivityItem<SnapshotItem>(from.getSnapshot(), in);
      return;
    case wire::ItemBody::RESTORE:
      to = ReadRestore(from.getRestore(), in);
      return;
    case wire::ItemBody::DELETE_STATE:
      to = ReadActivityItem<DeleteStateItem>(from.getDeleteState(), in);
      return;
    case wire::ItemBody::SET_PROFILE:
      to = ReadSetProfile(from.getSetProfile(), in);
      return;
    case wire::ItemBody::COLLECT:
      to = ReadCollect(from.getCollect(), in);
      return;
    case wire::ItemBody::QUERY:
      to = QueryItem{.profile = ProfileName(in.Name(from.getQuery().getProfile())),
                     .what = in.Enum<QueryItem::What>(from.getQuery().getWhat())};
      return;
    case wire::ItemBody::TRANSFER_STATE:
      to = ReadTransferState(from.getTransferState(), in);
      return;
    case wire::ItemBody::DIAGNOSE:
      to = ReadDiagnose(from.getDiagnose(), in);
      return;
    case wire::ItemBody::ADOPT:
      to = ReadAdopt(from.getAdopt(), in);
      return;
    case wire::ItemBody::SNAPSHOT_PART:
      to = ReadPart(from.getSnapshotPart(), in);
      return;
    default:
      in.Unimplemented("ItemBody", from.which());
  }
}

void Write(wire::WorkItem::Builder to, const WorkItem& from) {
  to.setLowWater(from.low_water.value);
  to.setDeadlineMs(from.deadline_ms);
  Write(to.initBody(), from.body);
  if (!from.depot.endpoint.empty()) Write(to.initDepot(), from.depot);
  to.setTakesOver(from.takes_over);
}

void Read(wire::WorkItem::Reader from, WorkItem& to, Input& in) {
  to.low_water = {from.getLowWater()};
  to.deadline_ms = in.Ms(from.getDeadlineMs());
  Read(from.getBody(), to.body, in);
  if (from.hasDepot()) Read(from.getDepot(), to.depot, in);
  to.takes_over = from.getTakesOver();
}

}  // namespace eris::codec
