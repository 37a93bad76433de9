#include "planner/models/check_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "planner/models/internal/model_checks.h"

namespace eris {

namespace {

// --- distribution and interdependencies ---------------------------------------------------------

void CheckDistribution(const RawModel& model, Findings& errors) {
  for (const auto& [name, position] : model.distributed) {
    if (model.services.contains(name)) continue;
    errors.push_back({"distribution", name.text, position,
                      fmt::format("the service '{}' is not in the services model", name.text),
                      "add it to the services model, or take it out of the distribution"});
  }
}

std::string ToText(const RawPlace& place) {
  return fmt::format("target '{}', container '{}'", place.target.text, place.container.text);
}

// What is wrong with one interdependency of a service that runs somewhere; message empty = nothing.
Finding JudgeInterdependency(const RawModel& model, const RawInterdependency& one) {
  const std::string& name = one.service.text;
  const auto service = model.services.find(one.service);
  Finding finding;
  if (service == model.services.end()) {
    finding.message = fmt::format("the service '{}' is not in the services model", name);
    finding.fix = "depend on a service of this model";
  } else if (service->second.type == "package") {
    finding.message =
        fmt::format("'{}' is of type \"package\": installed only, never activated", name);
    finding.fix = "use the package in pkg directly instead of an interdependency";
  } else if (service->second.places.empty()) {
    finding.message = fmt::format("the service '{}' is not distributed to any target", name);
    finding.fix = fmt::format("add '{}' to the distribution model", name);
  } else if (one.bound_to) {
    const auto& places = service->second.places;
    for (const RawPlace& place : *one.bound_to) {
      if (std::find(places.begin(), places.end(), place) != places.end()) continue;
      finding.message = fmt::format("'{}' is not distributed to {}", name, ToText(place));
      finding.fix = "bind the interdependency to a target and container that the service runs in";
    }
    if (one.bound_to->empty()) {
      finding.message = fmt::format("it is bound to no instance of '{}'", name);
      finding.fix = "name at least one target, or leave `targets` out";
    }
  }
  return finding;
}

void CheckInterdependencies(const RawModel& model, Findings& errors) {
  for (const auto& [name, service] : model.services) {
    if (service.places.empty()) continue;
    const auto judge = [&, &name = name](const char* kind,
                                         const std::vector<RawInterdependency>& group) {
      for (const RawInterdependency& one : group) {
        Finding finding = JudgeInterdependency(model, one);
        if (finding.message.empty()) continue;
        finding.model = "services";
        finding.path = fmt::format("{}.{}.{}", name.text, kind, one.parameter);
        finding.position = one.position;
        errors.push_back(std::move(finding));
      }
    };
    judge("dependsOn", service.depends_on);
    judge("connectsTo", service.connects_to);
    judge("activatesAfter", service.activates_after);
  }
}

void CheckCycles(const InstanceGraph& graph, Findings& errors) {
  for (const std::vector<std::size_t>& cycle : OrderInstances(graph).cycles) {
    std::string path;
    for (const std::size_t index : cycle) path += graph.instances[index].service.text + " → ";
    const Instance& first = graph.instances[cycle.front()];
    errors.push_back({"services", first.service.text, first.raw->position,
                      "the order of activation is a cycle: " + path + first.service.text,
                      "turn one dependsOn of the cycle into connectsTo, which imposes no order"});
  }
}

// --- places
// ---------------------------------------------------------------------------------------

void CheckProviders(const InstanceGraph& graph, Findings& errors) {
  std::map<RawPlace, std::set<ServiceName>> providers;
  for (const Instance& instance : graph.instances) {
    for (const RawPlace& place : instance.places) {
      for (const auto& [container, properties] : instance.raw->provides_containers) {
        providers[{place.target, container}].insert(instance.service);
      }
    }
  }
  for (const auto& [place, services] : providers) {
    if (services.size() < 2) continue;
    const ServiceName& first = *services.begin();
    const ServiceName& second = *std::next(services.begin());
    const Instance& instance =
        *std::find_if(graph.instances.begin(), graph.instances.end(),
                      [&](const Instance& one) { return one.service == second; });
    errors.push_back(
        {"services", second.text, instance.raw->position,
         fmt::format("'{}' and '{}' both provide the container '{}' on target '{}'", first.text,
                     second.text, place.container.text, place.target.text),
         "distribute them to different targets, or let them provide different containers"});
  }
}

// Dysnomia knows a component by target, container and name: two of them would share state and
// process.
void CheckComponents(const InstanceGraph& graph, Findings& errors) {
  std::map<std::tuple<TargetName, ContainerName, ComponentName>, ServiceName> taken;
  for (const Instance& instance : graph.instances) {
    if (instance.raw->type == "package") continue;
    const auto package = instance.raw->packages.find(instance.system);
    if (package == instance.raw->packages.end()) continue;
    const ComponentName component = ComponentOf(package->second.path);
    if (component.empty()) continue;  // no package at all: CheckPackages says so
    for (const RawPlace& place : instance.places) {
      const auto [entry, is_new] =
          taken.try_emplace({place.target, place.container, component}, instance.service);
      if (is_new) continue;
      errors.push_back({"services", instance.service.text, instance.raw->position,
                        fmt::format("its package and that of '{}' are both called '{}' in {}",
                                    entry->second.text, component.text, ToText(place)),
                        "give the packages different names, or place them apart"});
    }
  }
}

void CheckDuplicatePlaces(const RawModel& model, Findings& errors) {
  for (const auto& [name, service] : model.services) {
    std::set<RawPlace> seen;
    for (const RawPlace& place : service.places) {
      if (seen.insert(place).second) continue;
      const auto position = model.distributed.find(name);
      errors.push_back({"distribution", name.text,
                        position == model.distributed.end() ? service.position : position->second,
                        "the service is placed twice in " + ToText(place),
                        "name the place once, or another container"});
    }
  }
}

// --- packages and types
// ---------------------------------------------------------------------------

void CheckPackages(const RawModel& model, Findings& errors) {
  for (const auto& [name, service] : model.services) {
    for (const auto& [system, package] : service.packages) {
      if (!package.error.empty()) {
        errors.push_back(
            {"services", name.text + ".pkg", service.position, package.error, package.fix});
      } else if (ComponentOf(package.path).empty()) {
        errors.push_back({"services", name.text + ".pkg", service.position,
                          fmt::format("'{}' is not a path of the Nix store", package.path.text),
                          "let pkg be a derivation"});
      }
    }
  }
}

void CheckTargetPackages(const RawModel& model, Findings& errors) {
  for (const auto& [target, installed] : model.packages) {
    const auto report = [&, &target = target, &position = installed.position](
                            const std::string& message, const std::string& fix) {
      errors.push_back({"packages", target.text, position, message, fix});
    };
    if (!model.targets.contains(target)) {
      report(fmt::format("the target '{}' is not in the infrastructure model", target.text),
             "add it to the infrastructure model, or take it out of the packages");
    }
    for (const RawPackage& package : installed.packages) {
      if (!package.error.empty()) {
        report(package.error, package.fix);
      } else if (ComponentOf(package.path).empty()) {
        report(fmt::format("'{}' is not a path of the Nix store", package.path.text),
               "let it be a derivation");
      }
    }
  }
}

const std::string* SupportedTypes(const RawModel& model, const TargetName& target) {
  for (const Property& property : model.targets.at(target).target.properties) {
    if (property.name == "supportedTypes") return &property.text;
  }
  return nullptr;
}

bool HasWord(const std::string& text, const std::string& word) {
  return (" " + text + " ").find(" " + word + " ") != std::string::npos;
}

void CheckTypes(const RawModel& model, const InstanceGraph& graph, const CheckOptions& options,
                Findings& errors) {
  for (std::size_t index = 0; index < graph.instances.size(); ++index) {
    const Instance& instance = graph.instances[index];
    const std::string& type = instance.raw->type;
    if (type == "package") continue;
    for (const RawPlace& place : instance.places) {
      if (graph.ProviderOf({index, place})) continue;
      const std::string* supported = SupportedTypes(model, place.target);
      const bool known = supported != nullptr
                             ? HasWord(*supported, type)
                             : options.known_types.empty() || options.known_types.contains(type);
      if (known) continue;
      errors.push_back(
          {"services", instance.service.text + ".type", instance.raw->position,
           fmt::format("target '{}' has no module for type \"{}\"", place.target.text, type),
           "correct the type, place the service elsewhere, or install the module on the target"});
      break;
    }
  }
}

}  // namespace

ModelVerdict CheckModel(const RawModel& model, const InstanceGraph& graph,
                        const CheckOptions& options) {
  ModelVerdict verdict;
  verdict.errors = model.findings;
  CheckTargets(model, verdict.errors);
  CheckNames(model, verdict.errors);
  CheckDistribution(model, verdict.errors);
  CheckInterdependencies(model, verdict.errors);
  CheckCycles(graph, verdict.errors);
  CheckProviders(graph, verdict.errors);
  CheckDuplicatePlaces(model, verdict.errors);
  CheckComponents(graph, verdict.errors);
  CheckPackages(model, verdict.errors);
  CheckTargetPackages(model, verdict.errors);
  CheckTypes(model, graph, options, verdict.errors);
  WarnOfPlainSecrets(model, verdict.warnings);
  for (Findings* findings : {&verdict.errors, &verdict.warnings}) {
    std::sort(findings->begin(), findings->end());
    findings->erase(std::unique(findings->begin(), findings->end()), findings->end());
  }
  return verdict;
}

}  // namespace eris
