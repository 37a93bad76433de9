// Goal: the depot takes store paths from nobody but builders, and gives each only what its item
// names. Method: items handed out to queues with keys, and what is then asked with these keys.
#include "planner/depot_rules.h"

#include <gtest/gtest.h>

namespace eris::planner {
namespace {

const StorePath kDerivation("/nix/store/0-a.drv");
const StorePath kOutput("/nix/store/1-a");

PublishItem BuildOn(const std::string& queue) {
  PublishItem publish{.queue = queue, .item = {}};
  publish.item.id.step = {.journal = {1}, .transaction = {2}, .index = {3}};
  publish.item.body =
      BuildItem{.system = SystemName("x86_64-linux"), .derivations = {{kDerivation, kOutput}}};
  return publish;
}

class DepotRulesTest : public ::testing::Test {
 protected:
  DepotRulesTest() {
    Serve("builder.x86_64-linux", {"builder", "both"});
    Serve("target.plain", {"plain"});
    Serve("target.both", {"both"});
  }
  void Serve(const std::string& queue, std::vector<std::string> keys) {
    rules_.OnPresence(
        {.queue = queue, .state = Presence::State::kConnected, .keys = std::move(keys)});
  }
  bool MayPush(const std::string& key, const PublishItem& publish) {
    BulkOpen open;
    open.item = publish.item.id;
    open.ticket = rules_.Allow(publish);
    open.direction = BulkOpen::Direction::kPush;
    open.kind = ObjectKind::kStorePath;
    open.names = {kOutput.text};
    return rules_.Judge(key, open).has_value();
  }

  DepotRules rules_{"secret"};
};

TEST_F(DepotRulesTest, ABuilderBringsWhatItBuilt) {
  EXPECT_TRUE(MayPush("builder", BuildOn("builder.x86_64-linux")));
  EXPECT_FALSE(MayPush("plain", BuildOn("builder.x86_64-linux")));
}

TEST_F(DepotRulesTest, ATargetBringsWhatItBuiltForItselfOnlyWithTheKeyOfABuilder) {
  EXPECT_EQ(rules_.Allow(BuildOn("target.plain")), "") << "it is not even asked";
  EXPECT_FALSE(MayPush("plain", BuildOn("target.plain")));
  EXPECT_NE(rules_.Allow(BuildOn("target.both")), "");
  EXPECT_TRUE(MayPush("both", BuildOn("target.both")));
  EXPECT_FALSE(MayPush("builder", BuildOn("target.both"))) << "it does not serve that target";
}

TEST_F(DepotRulesTest, ATargetBringsAClosureOnlyWhereItIsAskedForIt) {
  PublishItem publish = BuildOn("target.plain");
  publish.item.body = TransferItem{ProfileName("default"), {kOutput}};
  EXPECT_FALSE(MayPush("plain", publish)) << "it is to have it";
  publish.item.body =
      TransferItem{ProfileName("default"), {kOutput}, TransferItem::Way::kFromTarget};
  EXPECT_TRUE(MayPush("plain", publish));
  EXPECT_FALSE(MayPush("both", publish)) << "it does not serve that target";
  const BulkOpen fetch{.item = publish.item.id,
                       .ticket = rules_.Allow(publish),
                       .direction = BulkOpen::Direction::kFetch,
                       .names = {kOutput.text}};
  EXPECT_FALSE(rules_.Judge("plain", fetch)) << "it is not to have it";
}

TEST(BroughtObjects, AreWhatWasAskedForAndWhatThatRefersTo) {
  const std::string hash = "/nix/store/0c8cwzd1y4sfnpvwkkbvldp9kvdsgv8q-";
  const ObjectInfo tool{.name = hash + "tool", .references = {StorePath(hash + "library")}};
  const ObjectInfo library{.name = hash + "library", .references = {StorePath(hash + "library")}};
  const ObjectInfo other{.name = hash + "other"};
  EXPECT_TRUE(JudgeBrought({library, tool}, {tool.name}));
  EXPECT_FALSE(JudgeBrought({library, tool}, {library.name}));
  EXPECT_FALSE(JudgeBrought({library, tool, other}, {tool.name}));
  for (const char* name : {"/etc/passwd", "/nix/store/../../etc/passwd", ""}) {
    const ObjectInfo outside{.name = name};
    const ObjectInfo leading{.name = tool.name, .references = {StorePath(name)}};
    EXPECT_FALSE(JudgeBrought({outside, leading}, {tool.name})) << name;
  }
}

}  // namespace
}  // namespace eris::planner
