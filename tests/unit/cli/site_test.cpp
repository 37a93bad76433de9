// Goal: `eris up` makes a complete and private site, and making it again changes nothing that
// others rely on. Method: sites in a temporary directory, read back with the readers of their
// users.
#include "planner/up/site.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "broker/link/key_file.h"
#include "planner/cli/client_config.h"
#include "schema/base/files.h"
#include "state/keyring.h"
#include "state/settings.h"

namespace eris::up {
namespace {

class SiteTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/eris-site-XXXXXX";
    ASSERT_NE(::mkdtemp(path), nullptr);
    plan_.directory = path;
    plan_.programs = "/programs";
    plan_.system = "x86_64-linux";
    plan_.targets[TargetName("test1")] = Target{.num_of_cores = 3};
    plan_.targets[TargetName("test2")] = Target{};
  }
  void TearDown() override { ASSERT_TRUE(RemoveTree(plan_.directory)); }

  Settings Load(const std::string& file) const {
    return Settings::Load(plan_.directory + file).value();
  }
  std::string Text(const std::string& file) const {
    return ReadFile(plan_.directory + file, 1 << 20).value();
  }

  SitePlan plan_;
};

TEST_F(SiteTest, ChildrenOfAllKinds) {
  const Site site = MakeSite(plan_).value();
  std::vector<std::string> names;
  for (const ChildSpec& child : site.children) {
    names.push_back(child.name);
    EXPECT_EQ(child.pid_file, plan_.directory + "/run/" + child.name + ".pid");
    EXPECT_TRUE(FileExists(child.argv.at(2))) << "its configuration";
  }
  EXPECT_EQ(names, (std::vector<std::string>{"broker", "planner", "builder", "worker-test1",
                                             "worker-test2"}));
  EXPECT_EQ(site.children[0].argv[0], "/programs/eris-broker");
  EXPECT_EQ(site.queues,
            (std::vector<std::string>{"builder.x86_64-linux", "target.test1", "target.test2"}));
  const Settings worker = Load("/targets/test1/worker.toml");
  EXPECT_EQ(worker.Integer("num_of_cores"), 3);
  EXPECT_EQ(worker.Strings("targets"), std::vector<std::string>{"test1"});
  EXPECT_EQ(worker.String("state_dir"), plan_.directory + "/targets/test1");
  EXPECT_EQ(worker.String("endpoint"), site.endpoint);
  EXPECT_EQ(Load("/broker/broker.toml").String("listen"), site.endpoint);
}

TEST_F(SiteTest, KeysMayDoExactlyWhatTheyAreFor) {
  const Site site = MakeSite(plan_).value();
  const Keyring keyring = Keyring::Load(plan_.directory + "/keys").value();
  EXPECT_TRUE(keyring.problems().empty());
  EXPECT_EQ(keyring.List().size(), 5u);
  const auto worker = link::ReadKeyFile(plan_.directory + "/targets/test1/worker.key").value();
  const KeyGrant* grant = keyring.Find(worker.public_key.ToText());
  ASSERT_NE(grant, nullptr);
  EXPECT_EQ(grant->role, Role::kWorker);
  EXPECT_EQ(grant->queues, std::vector<std::string>{"target.test1"});
  const KeyGrant* client = keyring.Find(site.client_keys.public_key.ToText());
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->level, KeyLevel::kAdmin);
}

TEST_F(SiteTest, ClientsFindTheBrokerThroughTheDirectory) {
  const Site site = MakeSite(plan_).value();
  const auto settings = cli::LoadClientSettings(plan_.directory).value();
  const auto broker = cli::ResolveBroker({}, {}, settings);
  ASSERT_TRUE(broker) << broker.error().message;
  EXPECT_EQ(broker->endpoint, site.endpoint);
  EXPECT_EQ(broker->server_key, site.server_key);
  EXPECT_EQ(broker->keys.public_key, site.client_keys.public_key);
  EXPECT_EQ(cli::ReadDigestKey(settings)->size(), 32u);
}

TEST_F(SiteTest, MakingItAgainKeepsEndpointAndKeys) {
  const Site first = MakeSite(plan_).value();
  const std::string client = Text("/client.toml");
  const std::string digest_key = Text("/digest.key");
  const Site second = MakeSite(plan_).value();
  EXPECT_EQ(first.endpoint, second.endpoint);
  EXPECT_EQ(first.server_key, second.server_key);
  EXPECT_EQ(first.client_keys.public_key, second.client_keys.public_key);
  EXPECT_EQ(Text("/client.toml"), client);
  EXPECT_EQ(Text("/digest.key"), digest_key);
  EXPECT_EQ(Keyring::Load(plan_.directory + "/keys")->List().size(), 5u);
}

TEST_F(SiteTest, NothingIsReadableByOthers) {
  ASSERT_TRUE(MakeSite(plan_));
  for (const char* file : {"/client.toml", "/client.key", "/digest.key", "/broker/broker.key",
                           "/planner/planner.key", "/targets/test1/worker.toml"}) {
    struct stat status {};
    ASSERT_EQ(::stat((plan_.directory + file).c_str(), &status), 0) << file;
    EXPECT_EQ(status.st_mode & 077, 0u) << file;
  }
}

TEST_F(SiteTest, AnOwnStoreIsToldToEverybody) {
  plan_.store = OwnStoreBelow(plan_.directory + "/nix");
  ASSERT_TRUE(MakeSite(plan_));
  EXPECT_EQ(Load("/targets/test1/worker.toml").String("store.dir"), plan_.store.store_dir);
  const auto settings = cli::LoadClientSettings(plan_.directory).value();
  EXPECT_EQ(settings.store.front(), "NIX_STORE_DIR=" + plan_.store.store_dir);
}

TEST_F(SiteTest, TargetsMustBeNamesOfDirectories) {
  plan_.targets[TargetName("../x")] = Target{};
  const auto site = MakeSite(plan_);
  ASSERT_FALSE(site);
  EXPECT_EQ(site.error().code, ErrorCode::kInvalid);
}

TEST_F(SiteTest, LeftoversOfAnEarlierRunAreEnded) {
  ChildSpec child{.name = "a",
                  .argv = {"/usr/bin/tail", "-f", "/dev/null"},
                  .pid_file = plan_.directory + "/a.pid"};
  Child process = Spawn({.argv = child.argv}).value();
  ASSERT_TRUE(WriteFileAtomically(child.pid_file, std::to_string(process.pid) + "\n", 0600));
  ChildSpec other = child;
  other.argv = {"/usr/bin/tail", "-f", "/dev/zero"};
  EXPECT_TRUE(EndLeftover(other));
  EXPECT_FALSE(TryReap(process).value()) << "another program has this number now";
  EXPECT_TRUE(EndLeftover(child));
  EXPECT_FALSE(Reap(process).value().success());
  EXPECT_TRUE(EndLeftover(child)) << "nothing is left";
}

}  // namespace
}  // namespace eris::up
