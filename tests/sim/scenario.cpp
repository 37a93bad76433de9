#include "tests/sim/scenario.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "schema/values/submission.h"
#include "tests/sim/draft.h"

namespace eris::sim {
namespace {

constexpr Duration kLongestPause{40'000};

// One of the packages that are in `last` only: it will not start.
StorePath NewPackage(Timeline& timeline, std::initializer_list<const Manifest*> before,
                     const Manifest& last) {
  std::set<StorePath> known;
  for (const Manifest* manifest : before) {
    for (const auto& [key, service] : manifest->services) known.insert(service.package);
  }
  std::vector<StorePath> fresh;
  for (const auto& [key, service] : last.services) {
    if (!known.contains(service.package)) fresh.push_back(service.package);
  }
  return fresh.empty() ? StorePath() : fresh[timeline.Below(fresh.size())];
}

SubmissionAction LastStep(Timeline& timeline, const Manifest& upgraded) {
  switch (timeline.Below(4)) {
    case 0:
      return RollbackTo{};
    case 1:
      return Undeploy{};
    case 2:
      return DeployManifest{upgraded};  // nothing changes, if all went well
    default:
      return RollbackTo{.to = {1}};
  }
}

void NoteDatabases(Timeline& timeline, const Manifest& manifest, Scenario& scenario) {
  std::map<ServiceKey, ServiceName> names;
  for (const auto& [key, service] : manifest.services) {
    if (!service.deploy_state) continue;
    names[key] = service.name;
    const auto [entry, is_new] = scenario.databases.try_emplace(service.name);
    if (!is_new) continue;
    entry->second.undo = service.state_undo;
    if (timeline.Below(2) == 0) entry->second.at_deactivate = AtDeactivate::kStaysWritable;
  }
  for (const auto& [key, service] : manifest.services) {
    for (const auto* list : {&service.depends_on, &service.connects_to}) {
      for (const Interdependency& wanted : *list) {
        const auto database = names.find(wanted.service);
        if (database != names.end()) {
          scenario.databases[database->second].written_by.insert(service.name);
        }
      }
    }
  }
}

void NoteClosures(const Manifest& manifest, Scenario& scenario) {
  for (const auto& [target, profile] : manifest.profiles) {
    std::set<StorePath>& closure = scenario.closures[profile.path];
    for (const Mapping& mapping : manifest.mappings) {
      if (mapping.target != target) continue;
      closure.insert(manifest.services.at(mapping.service).package);
    }
  }
}

struct Profile {
  std::string name;
  PreCopy bases = PreCopy::kNone;
};

// An install, an upgrade, an upgrade one of whose activations fails, and a last step.
void AddProfile(Timeline& timeline, Family family, Draft draft, const Profile& profile,
                Scenario& scenario) {
  const Manifest first = draft.Make();
  draft.Change("2");
  if (family == Family::kTargets && timeline.Below(2) == 0) draft.LeaveTarget();
  const Manifest second = draft.Make();
  draft.Change("broken");
  const Manifest third = draft.Make();
  for (const Manifest* manifest : {&first, &second, &third}) {
    NoteClosures(*manifest, scenario);
    NoteDatabases(timeline, *manifest, scenario);
  }
  const StorePath broken = NewPackage(timeline, {&first, &second}, third);
  if (!broken.empty()) scenario.broken.insert(broken);

  std::vector<SubmissionAction> actions = {DeployManifest{first}, DeployManifest{second},
                                           DeployManifest{third}};
  actions.push_back(LastStep(timeline, second));
  for (std::size_t i = 0; i < actions.size(); ++i) {
    DeployOptions options;
    if (family == Family::kProfiles && timeline.Below(3) == 0) {
      options.queueing = Queueing::kSupersedeQueued;
    }
    if (family == Family::kState && timeline.Below(3) == 0) options.old_state = OldState::kDelete;
    if (i != 2) options.pre_copy = profile.bases;
    const std::string id = profile.name + std::to_string(i + 1);
    scenario.orders.push_back({.submission = {.id = SubmissionId(id),
                                              .profile = ProfileName(profile.name),
                                              .author = {},
                                              .options = options,
                                              .action = std::move(actions[i])},
                               .pause = timeline.Between(Duration(0), kLongestPause)});
  }
}

// Two streams of orders as they may come in, each in its own order.
void Interleave(Timeline& timeline, std::vector<Client::Order>& orders) {
  const std::vector<Client::Order> all = std::exchange(orders, {});
  std::size_t first = 0;
  std::size_t second = all.size() / 2;
  while (first < all.size() / 2 || second < all.size()) {
    const bool takes_first =
        second == all.size() || (first < all.size() / 2 && timeline.Below(2) == 0);
    orders.push_back(all[takes_first ? first++ : second++]);
    orders.back().pause = orders.back().pause / 2;
  }
}

}  // namespace

Scenario MakeScenario(Timeline& timeline, Family family, const Cuts& cuts, PreCopy bases) {
  Scenario scenario;
  scenario.system = SystemName("x86_64-linux");
  std::vector<std::string> targets = {"one", "two"};
  const bool has_state = family == Family::kState;
  if (family == Family::kTargets || has_state) targets.emplace_back("three");
  for (const std::string& target : targets) scenario.targets.emplace_back(target);
  const auto draft = [&](const std::string& prefix) {
    return Draft(timeline, {.prefix = prefix,
                            .targets = targets,
                            .services = cuts.services,
                            .has_state = has_state,
                            .state_type = bases == PreCopy::kBases ? "fileset" : "process"});
  };
  AddProfile(timeline, family, draft("s"), {"default", bases}, scenario);
  if (family == Family::kProfiles) {
    AddProfile(timeline, family, draft("t"), {"other", bases}, scenario);
    Interleave(timeline, scenario.orders);
  }
  scenario.orders.resize(std::min(scenario.orders.size(), cuts.orders));
  return scenario;
}

}  // namespace eris::sim
