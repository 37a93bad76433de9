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

}  // namespace
}  // namespace eris::planner
