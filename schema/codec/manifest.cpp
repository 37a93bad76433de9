#include <map>
#include <string>
#include <utility>
#include <vector>

#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::Interdependency::Builder to, const Interdependency& from) {
  to.setService(Text(from.service));
  to.setTarget(Text(from.target));
  to.setContainer(Text(from.container));
}

void Write(wire::Service::Builder to, const ServiceKey& key, const Service& from) {
  to.setKey(Text(key));
  to.setName(Text(from.name));
  to.setType(Text(from.type));
  to.setPackage(Text(from.package));
  to.setDerivation(Text(from.derivation));
  to.setSystem(Text(from.system));
  for (auto [list, values] :
       {std::pair{to.initDependsOn(Count(from.depends_on)), &from.depends_on},
        {to.initActivatesAfter(Count(from.activates_after)), &from.activates_after},
        {to.initConnectsTo(Count(from.connects_to)), &from.connects_to}}) {
    WriteList(list, *values, Write);
  }
  WriteContainers(to.initProvidesContainers(Count(from.provides_containers)),
                  from.provides_containers);
  to.setDeployState(from.deploy_state);
  to.setStateUndo(from.state_undo);
  to.setDeadlineMs(from.deadline_ms.value_or(-1));
}

void Write(wire::Mapping::Builder to, const Mapping& from) {
  to.setTarget(Text(from.target));
  to.setContainer(Text(from.container));
  to.setService(Text(from.service));
  if (from.provided_by) to.setProvidedBy(Text(*from.provided_by));
  to.setDigest(Text(from.digest));
}

void Write(wire::SnapshotMapping::Builder to, const SnapshotMapping& from) {
  to.setTarget(Text(from.target));
  to.setContainer(Text(from.container));
  to.setService(Text(from.service));
  to.setComponent(Text(from.component));
}

void Write(wire::Target::Builder to, const TargetName& name, const Target& from) {
  to.setName(Text(name));
  to.setSystem(Text(from.system));
  to.setNumOfCores(from.num_of_cores);
  to.setTargetProperty(Text(from.target_property));
  to.setClientInterface(Text(from.client_interface));
  WriteList(to.initProperties(Count(from.properties)), from.properties, codec::Write);
  WriteContainers(to.initContainers(Count(from.containers)), from.containers);
}

void Write(wire::TargetProfile::Builder to, const TargetName& target, const TargetProfile& from) {
  to.setTarget(Text(target));
  to.setDerivation(Text(from.derivation));
  to.setPath(Text(from.path));
  to.setDigest(Text(from.digest));
}

template <typename List, typename Map>
void WriteMap(List to, const Map& from) {
  capnp::uint i = 0;
  for (const auto& [key, value] : from) Write(to[i++], key, value);
}

void Read(wire::Interdependency::Reader from, Interdependency& to, Input& in) {
  to.service = ServiceKey(in.Name(from.getService()));
  to.target = TargetName(in.Name(from.getTarget()));
  to.container = ContainerName(in.Name(from.getContainer()));
}

std::pair<ServiceKey, Service> ReadService(wire::Service::Reader from, Input& in) {
  Service to;
  to.name = ServiceName(in.Name(from.getName()));
  to.type = in.Name(from.getType());
  to.package = StorePath(in.Path(from.getPackage()));
  to.derivation = StorePath(in.Path(from.getDerivation()));
  to.system = SystemName(in.Name(from.getSystem()));
  ReadList(from.getDependsOn(), to.depends_on, in, Read);
  ReadList(from.getActivatesAfter(), to.activates_after, in, Read);
  ReadList(from.getConnectsTo(), to.connects_to, in, Read);
  ReadContainers(from.getProvidesContainers(), to.provides_containers, in);
  to.deploy_state = from.getDeployState();
  to.state_undo = from.getStateUndo();
  if (from.getDeadlineMs() != -1) to.deadline_ms = in.Ms(from.getDeadlineMs());
  return {ServiceKey(in.Name(from.getKey())), std::move(to)};
}

void Read(wire::Mapping::Reader from, Mapping& to, Input& in) {
  to.target = TargetName(in.Name(from.getTarget()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.service = ServiceKey(in.Name(from.getService()));
  ServiceKey provider(in.Name(from.getProvidedBy()));
  if (!provider.empty()) to.provided_by = std::move(provider);
  to.digest = in.Name(from.getDigest());
}

void Read(wire::SnapshotMapping::Reader from, SnapshotMapping& to, Input& in) {
  to.target = TargetName(in.Name(from.getTarget()));
  to.container = ContainerName(in.Name(from.getContainer()));
  to.service = ServiceKey(in.Name(from.getService()));
  to.component = ComponentName(in.Name(from.getComponent()));
}

std::pair<TargetName, Target> ReadTarget(wire::Target::Reader from, Input& in) {
  Target to;
  to.system = SystemName(in.Name(from.getSystem()));
  to.num_of_cores = from.getNumOfCores();
  if (to.num_of_cores < 1) in.Fail("a target with numOfCores 0");
  to.target_property = in.Name(from.getTargetProperty());
  to.client_interface = in.Path(from.getClientInterface());
  ReadList(from.getProperties(), to.properties, in, codec::Read);
  ReadContainers(from.getContainers(), to.containers, in);
  return {TargetName(in.Name(from.getName())), std::move(to)};
}

std::pair<TargetName, TargetProfile> ReadProfile(wire::TargetProfile::Reader from, Input& in) {
  TargetProfile to;
  to.derivation = StorePath(in.Path(from.getDerivation()));
  to.path = StorePath(in.Path(from.getPath()));
  to.digest = in.Name(from.getDigest());
  return {TargetName(in.Name(from.getTarget())), std::move(to)};
}

}  // namespace

void Write(wire::Property::Builder to, const Property& from) {
  to.setName(Text(from.name));
  to.setKind(ToWire(from.kind));
  to.setText(Text(from.text));
  to.setJson(Text(from.json));
}

void Read(wire::Property::Reader from, Property& to, Input& in) {
  to.name = in.Name(from.getName());
  to.kind = in.Enum<Property::Kind>(from.getKind());
  to.text = in.Text(from.getText());
  to.json = in.Text(from.getJson());
}

void WriteContainers(capnp::List<wire::Container>::Builder to, const Containers& from) {
  capnp::uint i = 0;
  for (const auto& [name, properties] : from) {
    wire::Container::Builder container = to[i++];
    container.setName(Text(name));
    WriteList(container.initProperties(Count(properties)), properties, codec::Write);
  }
}

void ReadContainers(capnp::List<wire::Container>::Reader from, Containers& to, Input& in) {
  for (auto container : from) {
    if (!in.ok()) return;
    std::pair entry{ContainerName(in.Name(container.getName())), Properties{}};
    ReadList(container.getProperties(), entry.second, in, codec::Read);
    Insert(to, std::move(entry), in);
  }
}

void Write(wire::Manifest::Builder to, const Manifest& from) {
  WriteMap(to.initServices(Count(from.services)), from.services);
  WriteList(to.initMappings(Count(from.mappings)), from.mappings, Write);
  WriteList(to.initSnapshotMappings(Count(from.snapshot_mappings)), from.snapshot_mappings, Write);
  WriteMap(to.initTargets(Count(from.targets)), from.targets);
  WriteMap(to.initProfiles(Count(from.profiles)), from.profiles);
}

void Read(wire::Manifest::Reader from, Manifest& to, Input& in) {
  for (auto service : from.getServices()) {
    if (in.ok()) Insert(to.services, ReadService(service, in), in);
  }
  ReadList(from.getMappings(), to.mappings, in, Read);
  ReadList(from.getSnapshotMappings(), to.snapshot_mappings, in, Read);
  for (auto target : from.getTargets()) {
    if (in.ok()) Insert(to.targets, ReadTarget(target, in), in);
  }
  for (auto profile : from.getProfiles()) {
    if (in.ok()) Insert(to.profiles, ReadProfile(profile, in), in);
  }
}

}  // namespace eris::codec
