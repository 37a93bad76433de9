#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::ActiveMapping::Builder to, const ActiveMapping& from) {
  to.setServiceName(Text(from.service_name));
  to.setService(Text(from.service));
  to.setContainer(Text(from.container));
  to.setDigest(Text(from.digest));
  to.setPackage(Text(from.package));
  to.setState(ToWire(from.state));
}

void Read(wire::ActiveMapping::Reader from, ActiveMapping& to, Input& in) {
  to.service_name = ServiceName(in.Name(from.getServiceName()));
  to.service = ServiceKey(in.Name(from.getService()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.digest = in.Name(from.getDigest());
  to.package = StorePath(in.Path(from.getPackage()));
  to.state = in.Enum<ActiveMapping::State>(from.getState());
}

TargetReport ReadTarget(wire::TargetReport::Reader from, Input& in) {
  TargetReport to;
  to.profile = StorePath(in.Path(from.getProfile()));
  ReadList(from.getMappings(), to.mappings, in, Read);
  to.manifest = in.Text(from.getManifest());
  return to;
}

OfferReport ReadOffer(wire::OfferReport::Reader from, Input& in) {
  OfferReport to;
  to.system = SystemName(in.Name(from.getSystem()));
  to.num_of_cores = from.getNumOfCores();
  if (to.num_of_cores < 1) in.Fail("a target with numOfCores 0");
  ReadList(from.getProperties(), to.properties, in, codec::Read);
  ReadContainers(from.getContainers(), to.containers, in);
  return to;
}

BuildReport ReadBuild(wire::BuildReport::Reader from, Input& in) {
  BuildReport to;
  ReadTexts(from.getBuilt(), to.built, in, &Input::Path);
  ReadTexts(from.getFailed(), to.failed, in, &Input::Path);
  return to;
}

}  // namespace

void Write(wire::Outcome::Builder to, const Outcome& from) {
  to.setVerdict(ToWire(from.verdict));
  to.setMessage(Text(from.message));
  to.setLogTail(Text(from.log_tail));
  to.setTookMs(from.took_ms);
  auto report = to.getReport();
  std::visit(
      Overloaded{
          [&](std::monostate) { report.setNone(); },
          [&](const TargetReport& target) {
            auto builder = report.initTarget();
            builder.setProfile(Text(target.profile));
            WriteList(builder.initMappings(Count(target.mappings)), target.mappings, Write);
            builder.setManifest(Text(target.manifest));
          },
          [&](const BuildReport& build) {
            auto builder = report.initBuild();
            WriteTexts(builder.initBuilt(Count(build.built)), build.built);
            WriteTexts(builder.initFailed(Count(build.failed)), build.failed);
          },
          [&](const SnapshotReport& snapshot) {
            auto builder = report.initSnapshot();
            builder.setSnapshot(Text(snapshot.snapshot));
            builder.setBytes(snapshot.bytes);
          },
          [&](const CollectReport& collect) {
            report.initCollect().setFreedBytes(collect.freed_bytes);
          },
          [&](const ShellReport& shell) { report.initShell().setExitStatus(shell.exit_status); },
          [&](const OfferReport& offer) {
            auto builder = report.initOffer();
            builder.setSystem(Text(offer.system));
            builder.setNumOfCores(offer.num_of_cores);
            WriteList(builder.initProperties(Count(offer.properties)), offer.properties,
                      codec::Write);
            WriteContainers(builder.initContainers(Count(offer.containers)), offer.containers);
          }},
      from.report);
}

void Read(wire::Outcome::Reader from, Outcome& to, Input& in) {
  to.verdict = in.Enum<Verdict>(from.getVerdict());
  to.message = in.Prose(from.getMessage());
  to.log_tail = in.Prose(from.getLogTail());
  to.took_ms = in.Ms(from.getTookMs());
  const auto report = from.getReport();
  switch (report.which()) {
    case wire::Outcome::Report::NONE:
      return;
    case wire::Outcome::Report::TARGET:
      to.report = ReadTarget(report.getTarget(), in);
      return;
    case wire::Outcome::Report::BUILD:
      to.report = ReadBuild(report.getBuild(), in);
      return;
    case wire::Outcome::Report::SNAPSHOT:
      to.report = SnapshotReport{.snapshot = in.Path(report.getSnapshot().getSnapshot()),
                                 .bytes = report.getSnapshot().getBytes()};
      return;
    case wire::Outcome::Report::COLLECT:
      to.report = CollectReport{report.getCollect().getFreedBytes()};
      return;
    case wire::Outcome::Report::SHELL:
      to.report = ShellReport{report.getShell().getExitStatus()};
      return;
    case wire::Outcome::Report::OFFER:
      to.report = ReadOffer(report.getOffer(), in);
      return;
    default:
      in.Unimplemented("Outcome.report", report.which());
  }
}

}  // namespace eris::codec
