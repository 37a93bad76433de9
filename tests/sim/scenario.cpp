#include "tests/sim/scenario.h"

#include <string>
#include <utility>

#include "schema/values/submission.h"
#include "tests/support/manifest_builder.h"

namespace eris::sim {
namespace {

using testing::ServiceSpec;

constexpr Duration kLongestPause{40'000};

std::string TargetOf(Timeline& timeline) { return timeline.Below(2) == 0 ? "one" : "two"; }

// Three to six services in one to three layers, with dependencies across the targets.
std::vector<ServiceSpec> RandomServices(Timeline& timeline) {
  std::vector<ServiceSpec> services;
  const std::size_t count = 3 + timeline.Below(4);
  for (std::size_t i = 0; i < count; ++i) {
    ServiceSpec spec{.name = "s" + std::to_string(i)};
    spec.places.push_back({.target = i < 2 ? (i == 0 ? "one" : "two") : TargetOf(timeline)});
    if (timeline.Below(6) == 0) {
      spec.places = {{.target = "one"}, {.target = "two"}};
    }
    for (std::size_t before = 0; before < i; ++before) {
      const std::string name = "s" + std::to_string(before);
      const std::uint64_t kind = timeline.Below(5);
      if (kind < 2) spec.depends_on.push_back(name);
      if (kind == 2) spec.activates_after.push_back(name);
    }
    services.push_back(std::move(spec));
  }
  return services;
}

// A new version of one service; now and then another moves to another target as well.
void Upgrade(Timeline& timeline, std::vector<ServiceSpec>& services, const std::string& version) {
  services[timeline.Below(services.size())].version = version;
  if (timeline.Below(3) == 0) {
    services[timeline.Below(services.size())].places = {{.target = TargetOf(timeline)}};
  }
}

// One of the packages that are new in `next`: it will not start.
StorePath NewPackage(Timeline& timeline, const Manifest& base, const Manifest& next) {
  std::vector<StorePath> fresh;
  for (const auto& [key, service] : next.services) {
    if (!base.services.contains(key)) fresh.push_back(service.package);
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

}  // namespace

Scenario MakeScenario(Timeline& timeline) {
  std::vector<ServiceSpec> services = RandomServices(timeline);
  const Manifest first = testing::MakeManifest(services);
  Upgrade(timeline, services, "2");
  const Manifest second = testing::MakeManifest(services);
  Upgrade(timeline, services, "broken");
  const Manifest third = testing::MakeManifest(services);

  Scenario scenario{.targets = {TargetName("one"), TargetName("two")},
                    .system = SystemName("x86_64-linux"),
                    .orders = {},
                    .broken = {}};
  const StorePath broken = NewPackage(timeline, second, third);
  if (!broken.empty()) scenario.broken.insert(broken);
  std::vector<SubmissionAction> actions = {DeployManifest{first}, DeployManifest{second},
                                           DeployManifest{third}};
  actions.push_back(LastStep(timeline, second));
  for (std::size_t i = 0; i < actions.size(); ++i) {
    scenario.orders.push_back(
        {.submission = {.id = SubmissionId("submission-" + std::to_string(i + 1)),
                        .profile = ProfileName("default"),
                        .action = std::move(actions[i])},
         .pause = timeline.Between(Duration(0), kLongestPause)});
  }
  return scenario;
}

}  // namespace eris::sim
