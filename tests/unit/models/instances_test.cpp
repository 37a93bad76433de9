// Goal: instances are ordered dependencies first, and each cycle is shown as a path. Method: small
// raw models.
#include "planner/models/instances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/raw_models.h"

namespace eris {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ModelBuilder;
using testing::ThreeTiers;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Names(const InstanceGraph& graph,
                               const std::vector<std::size_t>& indices) {
  std::vector<std::string> names;
  names.reserve(indices.size());
  for (const std::size_t index : indices) names.push_back(graph.instances[index].service.text);
  return names;
}

TEST(Instances, ComeDependenciesFirst) {
  const ModelBuilder builder = ThreeTiers();
  const RawModel model = ModelBuilder(builder).model();
  const InstanceGraph graph = MakeInstances(model);
  const InstanceOrder order = OrderInstances(graph);
  EXPECT_THAT(order.cycles, IsEmpty());
  const auto names = Names(graph, order.order);
  const auto at = [&](const char* name) { return std::find(names.begin(), names.end(), name); };
  EXPECT_EQ(names.size(), 4U);
  EXPECT_LT(at("data"), at("api"));
  EXPECT_LT(at("api"), at("web"));
}

TEST(Instances, OfOneServiceAreOnePerSystem) {
  ModelBuilder builder = ThreeTiers();
  builder.model().targets.at(TargetName("two")).target.system = SystemName("armv7l-linux");
  const InstanceGraph graph = MakeInstances(builder.model());
  EXPECT_EQ(graph.instances.size(), 5U);
  const Instance& api =
      graph.instances[graph.by_name.at({ServiceName("api"), SystemName("armv7l-linux")})];
  EXPECT_THAT(api.places, ElementsAre(RawPlace{TargetName("two"), ContainerName("echo")}));
}

TEST(Instances, ShowEveryCycleAsAPath) {
  ModelBuilder builder = ThreeTiers();
  builder.DependsOn("data", "web").DependsOn("aside", "aside");
  const InstanceGraph graph = MakeInstances(builder.model());
  std::vector<std::vector<std::string>> cycles;
  for (const auto& cycle : OrderInstances(graph).cycles) cycles.push_back(Names(graph, cycle));
  for (auto& cycle : cycles) {
    const auto api = std::find(cycle.begin(), cycle.end(), "api");
    std::rotate(cycle.begin(), api == cycle.end() ? cycle.begin() : api, cycle.end());
  }
  EXPECT_THAT(cycles,
              UnorderedElementsAre(ElementsAre("api", "data", "web"), ElementsAre("aside")));
}

TEST(Instances, LeaveOutWhatCannotBeResolved) {
  ModelBuilder builder = ThreeTiers();
  builder.DependsOn("aside", "ghost");
  builder.At("aside").activates_after.push_back(
      {"data", ServiceName("data"), {}, {{{TargetName("two"), ContainerName("echo")}}}});
  const InstanceGraph graph = MakeInstances(builder.model());
  const Instance& aside =
      graph.instances[graph.by_name.at({ServiceName("aside"), testing::kSystem})];
  EXPECT_THAT(aside.depends_on, IsEmpty());
  EXPECT_THAT(aside.activates_after, IsEmpty());
}

TEST(Instances, DoNotWaitForTheContainerTheyProvideThemselves) {
  ModelBuilder builder = ThreeTiers();
  builder.At("aside").provides_containers[ContainerName("echo")] = {};
  const InstanceGraph graph = MakeInstances(builder.model());
  const std::size_t aside = graph.by_name.at({ServiceName("aside"), testing::kSystem});
  EXPECT_THAT(graph.instances[aside].providers, IsEmpty());
  const std::size_t data = graph.by_name.at({ServiceName("data"), testing::kSystem});
  EXPECT_THAT(graph.instances[data].providers,
              ElementsAre(InstanceLink{aside, {TargetName("one"), ContainerName("echo")}}));
}

}  // namespace
}  // namespace eris
