#include <algorithm>
#include <string_view>
#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::DeployOptions::Repair::Builder to, const Repair& from) {
  to.setTarget(Text(from.target));
  to.setFound(ToWire(from.found));
  to.setContainer(Text(from.container));
  to.setService(Text(from.service));
  to.setDigest(Text(from.digest));
  to.setProfile(Text(from.profile));
}

void Read(wire::DeployOptions::Repair::Reader from, Repair& to, Input& in) {
  to.target = TargetName(in.Name(from.getTarget()));
  to.found = in.Enum<Repair::Found>(from.getFound());
  to.container = ContainerName(in.Name(from.getContainer()));
  to.service = ServiceKey(in.Name(from.getService()));
  to.digest = in.Name(from.getDigest());
  to.profile = StorePath(in.Path(from.getProfile()));
}

void Write(wire::DeployOptions::Builder to, const DeployOptions& from) {
  to.setMigration(ToWire(from.migration));
  to.setOrder(ToWire(from.order));
  to.setBuildPlace(ToWire(from.build_place));
  to.setQueueing(ToWire(from.queueing));
  to.setOldState(ToWire(from.old_state));
  to.setExpectedPlanHash(Text(from.expected_plan_hash));
  to.setWaitMs(from.wait_ms);
  to.setMaxConcurrentTransfers(from.max_concurrent_transfers);
  to.setFinalSnapshots(ToWire(from.final_snapshots));
  to.setPreCopy(ToWire(from.pre_copy));
  to.setTargetOffline(ToWire(from.target_offline));
  auto choices = to.initStateFrom(Count(from.state_from));
  for (capnp::uint i = 0; i < choices.size(); ++i) {
    choices[i].setService(Text(from.state_from[i].service));
    choices[i].setTarget(Text(from.state_from[i].target));
  }
  to.setUntil(ToWire(from.until));
  WriteList(to.initRepair(Count(from.repair)), from.repair, Write);
}

void Read(wire::DeployOptions::Reader from, DeployOptions& to, Input& in) {
  to.migration = in.Enum<Migration>(from.getMigration());
  to.order = in.Enum<SwitchOrder>(from.getOrder());
  to.build_place = in.Enum<BuildPlace>(from.getBuildPlace());
  to.queueing = in.Enum<Queueing>(from.getQueueing());
  to.old_state = in.Enum<OldState>(from.getOldState());
  to.expected_plan_hash = in.Name(from.getExpectedPlanHash());
  to.wait_ms = in.Ms(from.getWaitMs());
  to.max_concurrent_transfers = from.getMaxConcurrentTransfers();
  if (to.max_concurrent_transfers < 1) in.Fail("maxConcurrentTransfers is 0");
  to.final_snapshots = in.Enum<FinalSnapshots>(from.getFinalSnapshots());
  to.pre_copy = in.Enum<PreCopy>(from.getPreCopy());
  to.target_offline = in.Enum<TargetOffline>(from.getTargetOffline());
  for (const auto choice : from.getStateFrom()) {
    to.state_from.push_back({.service = ServiceName(in.Name(choice.getService())),
                             .target = TargetName(in.Name(choice.getTarget()))});
  }
  to.until = in.Enum<Until>(from.getUntil());
  ReadList(from.getRepair(), to.repair, in, Read);
}

void Write(wire::StateOperation::Source::Builder to, const StateOperation::Source& from) {
  to.setService(Text(from.service));
  to.setTarget(Text(from.target));
  to.setContainer(Text(from.container));
  to.setSnapshot(Text(from.snapshot));
}

void Read(wire::StateOperation::Source::Reader from, StateOperation::Source& to, Input& in) {
  to.service = ServiceName(in.Name(from.getService()));
  to.target = TargetName(in.Name(from.getTarget()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.snapshot = in.Path(from.getSnapshot());
}

void Write(wire::StateOperation::Builder to, const StateOperation& from) {
  to.setJob(ToWire(from.job));
  to.setService(Text(from.which.service));
  to.setContainer(Text(from.which.container));
  to.setComponent(Text(from.which.component));
  WriteTexts(to.initTargets(Count(from.which.targets)), from.which.targets);
  WriteList(to.initSources(Count(from.sources)), from.sources, Write);
  to.setGeneration(from.generation.value);
  to.setExtent(ToWire(from.extent));
  to.setPace(ToWire(from.pace));
  to.setKeep(from.keep);
  to.setAgain(from.again);
  to.setOlder(from.older);
}

void Read(wire::StateOperation::Reader from, StateOperation& to, Input& in) {
  to.job = in.Enum<StateOperation::Job>(from.getJob());
  to.which.service = ServiceName(in.Name(from.getService()));
  to.which.container = ContainerName(in.Name(from.getContainer()));
  to.which.component = ComponentName(in.Name(from.getComponent()));
  ReadTexts(from.getTargets(), to.which.targets, in, &Input::Name);
  ReadList(from.getSources(), to.sources, in, Read);
  to.generation = {from.getGeneration()};
  to.extent = in.Enum<StateOperation::Extent>(from.getExtent());
  to.pace = in.Enum<StateOperation::Pace>(from.getPace());
  to.keep = from.getKeep();
  to.again = from.getAgain();
  to.older = from.getOlder();
}

void WriteAction(wire::Submission::Action::Builder to, const SubmissionAction& from,
                 EventForm form) {
  std::visit(Overloaded{[&](const DeployManifest& deploy) {
                          auto manifest = to.initDeploy();
                          if (form == EventForm::kFull) codec::Write(manifest, deploy.manifest);
                        },
                        [&](const RollbackTo& rollback) { to.setRollback(rollback.to.value); },
                        [&](const Undeploy&) { to.setUndeploy(); },
                        [&](const RetryTransaction& retry) { to.setRetry(retry.of.value); },
                        [&](const Operate& operate) {
                          auto builder = to.initOperate();
                          codec::Write(builder.initBody(), operate.body);
                          WriteTexts(builder.initTargets(Count(operate.targets)), operate.targets);
                          builder.setTakesOver(operate.takes_over);
                          builder.setDepot(ToWire(operate.depot));
                        },
                        [&](const AdoptManifest& adopt) {
                          const bool is_own = adopt.origin == AdoptManifest::Origin::kOwn;
                          auto manifest = is_own ? to.initAdopt() : to.initAdoptForeign();
                          if (form == EventForm::kFull) codec::Write(manifest, adopt.manifest);
                        },
                        [&](const DeleteGenerations& deletion) {
                          auto list = to.initDeleteGenerations(Count(deletion.generations));
                          for (capnp::uint i = 0; i < list.size(); ++i) {
                            list.set(i, deletion.generations[i].value);
                          }
                        },
                        [&](const UploadObjects& upload) {
                          WriteList(to.initUpload(Count(upload.objects)), upload.objects,
                                    codec::Write);
                        },
                        [&](const StateOperation& work) { Write(to.initState(), work); }},
             from);
}

Operate ReadOperate(wire::Operate::Reader from, Input& in) {
  Operate to;
  codec::Read(from.getBody(), to.body, in);
  if (!std::holds_alternative<QueryItem>(to.body) &&
      !std::holds_alternative<CollectItem>(to.body) &&
      !std::holds_alternative<SnapshotItem>(to.body) &&
      !std::holds_alternative<TransferItem>(to.body) &&
      !std::holds_alternative<DiagnoseItem>(to.body)) {
    in.Fail("only query, collect, snapshot, transfer and diagnose run outside of generations");
  }
  ReadTexts(from.getTargets(), to.targets, in, &Input::Name);
  to.takes_over = from.getTakesOver();
  to.depot = in.Enum<WithDepot>(from.getDepot());
  const auto* collect = std::get_if<CollectItem>(&to.body);
  const bool is_of_snapshots =
      collect != nullptr && collect->scope == CollectItem::Scope::kSnapshots;
  if (to.depot != WithDepot::kWithout && !is_of_snapshots) {
    in.Fail("of the depot only snapshots are collected");
  }
  return to;
}

DeleteGenerations ReadDeletion(capnp::List<std::uint64_t>::Reader from) {
  DeleteGenerations to;
  to.generations.reserve(from.size());
  for (const std::uint64_t number : from) to.generations.push_back({number});
  return to;
}

void ReadAction(wire::Submission::Action::Reader from, SubmissionAction& to, Input& in) {
  switch (from.which()) {
    case wire::Submission::Action::DEPLOY:
      codec::Read(from.getDeploy(), to.emplace<DeployManifest>().manifest, in);
      return;
    case wire::Submission::Action::ROLLBACK:
      to = RollbackTo{{from.getRollback()}};
      return;
    case wire::Submission::Action::UNDEPLOY:
      to = Undeploy{};
      return;
    case wire::Submission::Action::RETRY:
      to = RetryTransaction{{from.getRetry()}};
      return;
    case wire::Submission::Action::OPERATE:
      to = ReadOperate(from.getOperate(), in);
      return;
    case wire::Submission::Action::ADOPT:
      codec::Read(from.getAdopt(), to.emplace<AdoptManifest>().manifest, in);
      return;
    case wire::Submission::Action::ADOPT_FOREIGN: {
      auto& adopt = to.emplace<AdoptManifest>();
      adopt.origin = AdoptManifest::Origin::kForeign;
      codec::Read(from.getAdoptForeign(), adopt.manifest, in);
      return;
    }
    case wire::Submission::Action::DELETE_GENERATIONS:
      to = ReadDeletion(from.getDeleteGenerations());
      return;
    case wire::Submission::Action::UPLOAD:
      if (from.getUpload().size() > limits::kBulkObjects) in.Fail("too many objects");
      ReadList(from.getUpload(), to.emplace<UploadObjects>().objects, in, codec::Read);
      return;
    case wire::Submission::Action::STATE:
      Read(from.getState(), to.emplace<StateOperation>(), in);
      return;
    default:
      in.Unimplemented("Submission.action", from.which());
  }
}

}  // namespace

void Write(wire::Submission::Builder to, const Submission& from, EventForm form) {
  to.setId(Text(from.id));
  to.setProfile(Text(from.profile));
  to.setAuthor(Text(from.author));
  Write(to.initOptions(), from.options);
  WriteAction(to.getAction(), from.action, form);
}

void Read(wire::Submission::Reader from, Submission& to, Input& in) {
  to.id = in.Submission(from.getId());
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.author = in.Name(from.getAuthor());
  Read(from.getOptions(), to.options, in);
  ReadAction(from.getAction(), to.action, in);
}

}  // namespace eris::codec
