// Goal: the store is asked and changed as package_store.h and profile.h say, on a store outside of
// /nix/store. Method: real Nix on a store of the test's own, with derivations run by /bin/sh.
#include "state/package_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/profile.h"
#include "state/store_roots.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

class PackageStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(PrepareOwnStore(location_)); }
  void TearDown() override {
    // Nix makes its store read-only.
    ASSERT_TRUE(RunCommand({"chmod", "-R", "u+w", location_.store_dir}));
  }

  // A derivation whose builder runs `script`.
  Derivation Instantiate(const std::string& name, const std::string& script) {
    const std::string expression = "derivation { name = \"" + name +
                                   "\"; system = builtins.currentSystem; " +
                                   "builder = \"/bin/sh\"; args = [ \"-c\" ''" + script + "'' ]; }";
    StorePath derivation = Ask({"nix-instantiate", "--expr", expression});
    StorePath output = Ask({"nix-store", "--query", "--outputs", derivation.text});
    return {std::move(derivation), std::move(output)};
  }
  // Builds a package of 64 KiB.
  StorePath Build(const std::string& name) {
    const Derivation derivation = Instantiate(
        name,
        "t=" + name + ".......; while [ ''${#t} -lt 65536 ]; do t=$t$t; done; echo $t > $out");
    const auto result = store_.Realise(std::span(&derivation, 1), {});
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->valid.size(), 1U) << result->log_tail;
    return derivation.output;
  }
  StorePath Ask(const NixCommand& command) {
    const auto done = RunCommand(command, {.environment = environment_});
    EXPECT_TRUE(done && done->status.success()) << done->stderr_tail;
    return StorePath(std::string(Trim(done->stdout_text)));
  }
  bool IsValid(const StorePath& path) {
    return store_.InvalidPaths(std::span(&path, 1)).value().empty();
  }
  Status SwitchTo(const Profile& profile, const StorePath& path) {
    ERIS_ASSIGN(const Profile::Switch step, profile.Next(path));
    if (step.link.empty()) return {};
    ERIS_ASSIGN(const CommandOutput done, RunCommand(step.command, {.environment = environment_}));
    EXPECT_TRUE(done.status.success()) << done.stderr_tail;
    return profile.Activate(step.link);
  }

  test::TempDirectory directory_;
  StoreLocation location_ = OwnStoreBelow(directory_ / "nix");
  std::vector<std::string> environment_ = WithStore(CurrentEnvironment(), location_);
  NixStore store_{environment_};
};

TEST_F(PackageStoreTest, RealisesWhatItCanAndNamesWhatFailed) {
  const std::vector<Derivation> batch = {Instantiate("good", "echo 1 > $out"),
                                         Instantiate("bad", "echo no reason >&2; exit 1"),
                                         Instantiate("fine", "echo 2 > $out")};
  const RealiseResult result = store_.Realise(batch, {.max_jobs = 2}).value();
  EXPECT_EQ(result.valid, (std::vector{batch[0].output, batch[2].output}));
  EXPECT_EQ(result.failed, std::vector{batch[1].output});
  EXPECT_NE(result.log_tail.find("no reason"), std::string::npos) << result.log_tail;
}

TEST_F(PackageStoreTest, MakesTheDatabaseOnce) {
  const std::string schema = location_.state_dir + "/db/schema";
  ASSERT_FALSE(FileExists(schema));
  ASSERT_TRUE(InitialiseStore(environment_));
  ASSERT_TRUE(FileExists(schema));
  std::vector<std::string> without_nix = environment_;
  std::erase_if(without_nix, [](const std::string& one) { return one.starts_with("PATH="); });
  without_nix.emplace_back("PATH=/nowhere");
  EXPECT_TRUE(InitialiseStore(without_nix)) << "a process was started for nothing";
}

TEST_F(PackageStoreTest, KnowsItsDirectoryAndClosures) {
  EXPECT_EQ(store_.StoreDirectory().value(), location_.store_dir);
  const StorePath dependency = Build("dependency");
  const Derivation user =
      Instantiate("user", "echo ${builtins.storePath " + dependency.text + "} > $out");
  ASSERT_EQ(store_.Realise(std::span(&user, 1), {})->valid.size(), 1U);
  const auto closure = store_.Requisites(std::span(&user.output, 1)).value();
  EXPECT_EQ(closure.size(), 2U);
  EXPECT_NE(std::find(closure.begin(), closure.end(), dependency), closure.end());
}

TEST_F(PackageStoreTest, RootsProtectUntilTheyAreRemoved) {
  const StorePath rooted = Build("rooted");
  const StorePath loose = Build("loose");
  const std::string prefix = directory_ / "roots/7/root";
  const Status added = store_.AddRoots(std::span(&rooted, 1), prefix);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_GT(store_.CollectGarbage().value(), 50'000U);
  EXPECT_TRUE(IsValid(rooted));
  EXPECT_FALSE(IsValid(loose));
  ASSERT_TRUE(store_.AddRoots(std::span(&rooted, 1), prefix)) << "repeating it is harmless";

  EXPECT_EQ(store_.AddRoots(std::span(&loose, 1), directory_ / "roots/8/root").error().code,
            ErrorCode::kUnavailable);
  ASSERT_TRUE(RemoveTree(directory_ / "roots/7"));
  ASSERT_TRUE(store_.CollectGarbage());
  EXPECT_FALSE(IsValid(rooted));
}

TEST_F(PackageStoreTest, ProfilesSwitchAndKeepTheirGenerations) {
  const StorePath one = Build("one");
  const StorePath two = Build("two");
  const Profile profile(directory_ / "profiles", "default");
  EXPECT_EQ(profile.Current().value(), StorePath{});
  ASSERT_TRUE(SwitchTo(profile, one));
  EXPECT_EQ(profile.Current().value(), one);
  ASSERT_TRUE(SwitchTo(profile, one));
  EXPECT_EQ(profile.Generations()->size(), 1U) << "the same path makes no generation";
  ASSERT_TRUE(SwitchTo(profile, two));
  EXPECT_EQ(profile.Current().value(), two);
  EXPECT_EQ(profile.Generations().value(), (std::vector<std::uint64_t>{1, 2}));

  ASSERT_TRUE(store_.CollectGarbage());
  EXPECT_TRUE(IsValid(one)) << "an old generation protects its path";
  ASSERT_TRUE(profile.DeleteOldGenerations(0));
  ASSERT_TRUE(store_.CollectGarbage());
  EXPECT_FALSE(IsValid(one));
  EXPECT_TRUE(IsValid(two));

  ASSERT_TRUE(profile.Remove());
  EXPECT_EQ(profile.Current().value(), StorePath{});
}

TEST_F(PackageStoreTest, ARootMadeWithoutNixProtectsUntilItIsRemoved) {
  const StorePath rooted = Build("rooted");
  const std::string prefix = directory_ / "roots/7/root";
  EXPECT_EQ(FindCollectorsLinks(location_.state_dir, prefix), std::nullopt);
  ASSERT_TRUE(store_.AddRoots(std::span(&rooted, 1), prefix));
  EXPECT_EQ(FindCollectorsLinks(location_.state_dir, directory_ / "roots/7/other"), std::nullopt);
  EXPECT_EQ(FindCollectorsLinks(directory_ / "elsewhere", prefix), std::nullopt);
  const auto links = FindCollectorsLinks(location_.state_dir, prefix);
  ASSERT_TRUE(links.has_value());
  const StoreRoot other{.root = directory_ / "roots/other", .path = rooted};
  ASSERT_TRUE(AddRoot(*links, other));
  ASSERT_TRUE(AddRoot(*links, other)) << "repeating it is harmless";
  const StoreRoot taken{.root = other.root, .path = StorePath(rooted.text + "-other")};
  EXPECT_FALSE(AddRoot(*links, taken));
  ASSERT_TRUE(RemoveTree(directory_ / "roots/7"));
  ASSERT_TRUE(store_.CollectGarbage());
  EXPECT_TRUE(IsValid(rooted));
  ASSERT_TRUE(RemoveTree(other.root));
  ASSERT_TRUE(store_.CollectGarbage());
  EXPECT_FALSE(IsValid(rooted));
}

TEST_F(PackageStoreTest, AProfileSurvivesACrashBetweenItsSteps) {
  const StorePath one = Build("one");
  const StorePath two = Build("two");
  const Profile profile(directory_ / "profiles", "default");
  ASSERT_TRUE(SwitchTo(profile, one));
  const Profile::Switch half = profile.Next(two).value();
  ASSERT_TRUE(RunCommand(half.command, {.environment = environment_})->status.success());
  ASSERT_EQ(::symlink(half.link.c_str(), (directory_ / "profiles/.default.new").c_str()), 0);
  EXPECT_EQ(profile.Current().value(), one);
  ASSERT_TRUE(SwitchTo(profile, two));
  EXPECT_EQ(profile.Current().value(), two);
}

}  // namespace
}  // namespace eris
