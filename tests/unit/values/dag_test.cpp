// Goal: order, layers and cycles of graphs, also of deep ones. Method: small graphs by hand, one
// long chain.
#include "schema/dag.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

TEST(Dag, OrdersDependenciesFirstAndLayerByLayer) {
  const Dependencies graph = {{1, 2}, {3}, {3}, {}, {}};
  const auto order = TopologicalOrder(graph);
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(*order, (std::vector<DagNode>{3, 4, 1, 2, 0}));
  EXPECT_EQ(LayersOf(graph, *order), (std::vector<std::uint32_t>{2, 1, 1, 0, 0}));
}

TEST(Dag, OfNothingIsNothing) { EXPECT_TRUE(TopologicalOrder({})->empty()); }

TEST(Dag, RepeatedEdgesAreHarmless) {
  EXPECT_EQ(*TopologicalOrder({{1, 1}, {}}), (std::vector<DagNode>{1, 0}));
}

TEST(Dag, TurnsEdgesRound) {
  EXPECT_EQ(Reversed({{1, 2}, {2}, {}}), (Dependencies{{}, {0}, {0, 1}}));
}

TEST(Dag, ShowsACycleAsAPathFromItsSmallestNode) {
  // 0 leads into the cycle 3 → 1 → 2 → 3, and 4 hangs on it from the other side.
  const auto order = TopologicalOrder({{3}, {2}, {3, 4}, {1}, {}});
  ASSERT_FALSE(order.has_value());
  EXPECT_EQ(order.error().path, (std::vector<DagNode>{1, 2, 3}));
}

TEST(Dag, ANodeThatDependsOnItselfIsACycle) {
  EXPECT_EQ(TopologicalOrder({{}, {1}}).error().path, std::vector<DagNode>{1});
}

TEST(Dag, DepthIsNoLimit) {
  constexpr DagNode kLength = 200'000;
  Dependencies chain(kLength);
  for (DagNode node = 1; node < kLength; ++node) chain[node] = {node - 1};
  const auto order = TopologicalOrder(chain);
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(LayersOf(chain, *order).back(), kLength - 1);
  chain[0] = {kLength - 1};
  EXPECT_EQ(TopologicalOrder(chain).error().path.size(), kLength);
}

}  // namespace
}  // namespace eris
