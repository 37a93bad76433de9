// Goal: what counts as a change, and what does not. Method: pairs of small manifests.
#include "planner/plan/diff.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/manifest_builder.h"

namespace eris::diff_test {
namespace {

using testing::MakeManifest;
using testing::PropertySpec;
using testing::ServiceSpec;

using Names = std::set<std::string>;

Difference DiffOf(const Manifest* base, const Manifest& next) {
  auto difference = DiffManifests(base, next);
  EXPECT_TRUE(difference.has_value()) << difference.error().message;
  return difference.value_or(Difference());
}

// "service@target" of the mappings.
Names NamesOf(const Manifest& manifest, const std::vector<std::uint32_t>& mappings) {
  Names names;
  for (const std::uint32_t index : mappings) {
    const Mapping& mapping = manifest.mappings[index];
    names.insert(manifest.services.at(mapping.service).name.text + "@" + mapping.target.text);
  }
  return names;
}

std::vector<ServiceSpec> ThreeTiers() {
  return {{.name = "data", .places = {{"t1"}}},
          {.name = "api", .places = {{"t2"}}, .depends_on = {"data"}},
          {.name = "web", .places = {{"t3"}}, .depends_on = {"api"}}};
}

TEST(Diff, WithoutABaseEverythingIsNew) {
  const Manifest next = MakeManifest(ThreeTiers());
  const Difference difference = DiffOf(nullptr, next);
  EXPECT_EQ(NamesOf(next, difference.added), (Names{"data@t1", "api@t2", "web@t3"}));
  EXPECT_TRUE(difference.obsolete.empty());
  EXPECT_TRUE(difference.kept.empty());
  EXPECT_EQ(difference.profiles.size(), 3U);
  EXPECT_TRUE(difference.profiles.front().from.empty());
  EXPECT_EQ(difference.targets_added.size(), 3U);
}

TEST(Diff, AnUnchangedManifestIsNoChange) {
  const Manifest manifest = MakeManifest(ThreeTiers());
  const Difference difference = DiffOf(&manifest, manifest);
  EXPECT_TRUE(difference.empty());
  EXPECT_EQ(difference.kept.size(), 3U);
}

TEST(Diff, AnUnchangedProfileNeedsNoPath) {
  const Manifest base = MakeManifest(ThreeTiers());
  Manifest next = base;
  for (auto& [target, profile] : next.profiles) profile.path = StorePath();
  EXPECT_TRUE(DiffOf(&base, next).empty());
}

TEST(Diff, ANewVersionChangesWhatDependsOnItAndNothingElse) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs[1].version = "2";
  const Manifest next = MakeManifest(specs);
  const Difference difference = DiffOf(&base, next);
  EXPECT_EQ(NamesOf(base, difference.obsolete), (Names{"api@t2", "web@t3"}));
  EXPECT_EQ(NamesOf(next, difference.added), (Names{"api@t2", "web@t3"}));
  ASSERT_EQ(difference.kept.size(), 1U);
  EXPECT_EQ(difference.profiles.size(), 2U);
}

TEST(Diff, AChangedPropertyChangesWhatIsInTheContainerAndItsDependents) {
  const Manifest base = MakeManifest(ThreeTiers(), {{"t2", {{"process", {{"port", "1"}}}}}});
  const Manifest next = MakeManifest(ThreeTiers(), {{"t2", {{"process", {{"port", "2"}}}}}});
  const Difference difference = DiffOf(&base, next);
  EXPECT_EQ(NamesOf(next, difference.added), (Names{"api@t2", "web@t3"}));
  EXPECT_EQ(base.mappings[difference.obsolete[0]].service,
            next.mappings[difference.added[0]].service)
      << "the key is the same, the digest is not";
}

TEST(Diff, KeepsNothingThatComesAfterAChangeEvenIfDigestsSaySo) {
  const Manifest base = MakeManifest(ThreeTiers());
  Manifest next = base;
  next.mappings.front().digest = "other";  // data's; those of api and web claim to be as before
  const Difference difference = DiffOf(&base, next);
  EXPECT_EQ(NamesOf(next, difference.added), (Names{"data@t1", "api@t2", "web@t3"}));
  EXPECT_EQ(difference.obsolete.size(), 3U);
}

TEST(Diff, PackagesHaveNoActivities) {
  const Manifest next = MakeManifest({{.name = "tool", .places = {{"t1"}}, .type = "package"}});
  const Difference difference = DiffOf(nullptr, next);
  EXPECT_TRUE(difference.added.empty());
  EXPECT_FALSE(difference.empty()) << "its target gets a profile all the same";
}

TEST(Diff, ATargetWithoutServicesGoes) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs.pop_back();
  const Difference difference = DiffOf(&base, MakeManifest(specs));
  EXPECT_EQ(difference.targets_removed, std::vector{TargetName("t3")});
  ASSERT_EQ(difference.profiles.size(), 1U);
  EXPECT_EQ(difference.profiles[0].from, base.profiles.at(TargetName("t3")).path);
  EXPECT_TRUE(difference.profiles[0].to.empty());
}

TEST(Diff, ACapturedProfileIsKnownByItsPath) {
  const Manifest base = MakeManifest(ThreeTiers());
  Manifest next = base;
  for (auto& [target, profile] : next.profiles) profile = {{}, profile.path, ""};
  EXPECT_TRUE(DiffOf(&base, next).empty());
  next.profiles.at(TargetName("t1")).path = StorePath("/nix/store/another");
  EXPECT_EQ(DiffOf(&base, next).profiles.size(), 1U);
}

// --- state ---------------------------------------------------------------------------------------

Manifest Stateful(std::vector<testing::PlaceSpec> places, std::string version = "1",
                  std::string name = "db") {
  return MakeManifest({{.name = std::move(name),
                        .version = std::move(version),
                        .places = std::move(places),
                        .deploy_state = true}});
}

TEST(Diff, StateStaysWithAnUpgradeInPlace) {
  const Manifest base = Stateful({{"t1"}});
  EXPECT_TRUE(DiffOf(&base, Stateful({{"t1"}}, "2")).states.empty());
}

TEST(Diff, StateMovesWithItsService) {
  const Manifest base = Stateful({{"t1"}});
  EXPECT_EQ(DiffOf(&base, Stateful({{"t2"}})).states,
            std::vector{(StateChange{.service = ServiceName("db"),
                                     .container = std::nullopt,
                                     .holders = {0},
                                     .homes = {0},
                                     .receivers = {0},
                                     .left = {0},
                                     .undone = {}})});
}

TEST(Diff, ANewReplicaGetsTheState) {
  const Manifest base = Stateful({{"t1"}});
  const Difference difference = DiffOf(&base, Stateful({{"t1"}, {"t2"}}));
  ASSERT_EQ(difference.states.size(), 1U);
  EXPECT_EQ(difference.states[0].receivers, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(difference.states[0].left.empty());
}

TEST(Diff, StateOfARemovedServiceIsLeftBehind) {
  const Manifest base = Stateful({{"t1"}});
  const Difference difference = DiffOf(&base, UndeployedManifest(base));
  ASSERT_EQ(difference.states.size(), 1U);
  EXPECT_TRUE(difference.states[0].receivers.empty());
  EXPECT_EQ(difference.states[0].left, std::vector<std::uint32_t>{0});
}

TEST(Diff, ANewContainerKeepsTheStateUnlessTheServiceIsInSeveral) {
  const Manifest base = Stateful({{"t1", "one"}});
  const Difference moved = DiffOf(&base, Stateful({{"t1", "two"}}));
  ASSERT_EQ(moved.states.size(), 1U);
  EXPECT_EQ(moved.states[0].receivers.size(), 1U);

  const Manifest both = Stateful({{"t1", "one"}, {"t1", "two"}});
  const Difference split = DiffOf(&both, Stateful({{"t1", "two"}}));
  ASSERT_EQ(split.states.size(), 1U) << "each of the two has a state of its own";
  EXPECT_EQ(split.states[0].container, ContainerName("one"));
  EXPECT_TRUE(split.states[0].receivers.empty());
}

TEST(Diff, StateThatIsNoLongerDeployedStaysWhereItIs) {
  const Manifest base = Stateful({{"t1"}});
  const Manifest next = MakeManifest({{.name = "db", .places = {{"t1"}}}});
  EXPECT_TRUE(DiffOf(&base, next).states.empty());
}

TEST(Diff, StateThatIsDeployedFromNowOnMovesAtOnce) {
  const Manifest base = MakeManifest({{.name = "db", .places = {{"t1"}}}});
  const Difference difference = DiffOf(&base, Stateful({{"t2"}}));
  ASSERT_EQ(difference.states.size(), 1U);
  EXPECT_EQ(difference.states[0].receivers, std::vector<std::uint32_t>{0});
  EXPECT_TRUE(difference.states[0].left.empty()) << "nobody asked for it to be kept or deleted";
}

TEST(Diff, StateUndoConcernsUpgradesInPlace) {
  const ServiceSpec spec{
      .name = "db", .places = {{"t1"}}, .deploy_state = true, .state_undo = true};
  ServiceSpec upgraded = spec;
  upgraded.version = "2";
  ServiceSpec moved = spec;
  moved.places = {{"t2"}};
  const Manifest base = MakeManifest({spec});
  ASSERT_EQ(DiffOf(&base, MakeManifest({upgraded})).states.size(), 1U);
  EXPECT_EQ(DiffOf(&base, MakeManifest({upgraded})).states[0].undone,
            std::vector<std::uint32_t>{0});
  EXPECT_TRUE(DiffOf(&base, MakeManifest({moved})).states[0].undone.empty());
  EXPECT_TRUE(DiffOf(&base, base).states.empty());
}

// Who adds stateUndo protects the very upgrade that brings it; who takes it out is obeyed at once.
TEST(Diff, StateUndoIsWhatTheDeployedModelSays) {
  const ServiceSpec with{
      .name = "db", .places = {{"t1"}}, .deploy_state = true, .state_undo = true};
  ServiceSpec without = with;
  without.state_undo = false;
  without.version = "2";
  const Manifest protecting = MakeManifest({with});
  const Manifest plain = MakeManifest({without});
  EXPECT_TRUE(DiffOf(&protecting, plain).states.empty());
  ASSERT_EQ(DiffOf(&plain, protecting).states.size(), 1U);
  EXPECT_EQ(DiffOf(&plain, protecting).states[0].undone, std::vector<std::uint32_t>{0});
}

// --- manifests that contradict themselves
// ----------------------------------------------------------

TEST(Diff, RefusesACycleAndShowsItsPath) {
  Manifest manifest = MakeManifest(ThreeTiers());
  const Interdependency web{manifest.mappings[2].service, manifest.mappings[2].target,
                            manifest.mappings[2].container};
  manifest.services.at(manifest.mappings[0].service).depends_on = {web};
  const auto difference = DiffManifests(nullptr, manifest);
  ASSERT_FALSE(difference.has_value());
  EXPECT_EQ(difference.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(difference.error().message,
            "manifest: interdependencies form a cycle: data (process on t1) → web (process on t3) "
            "→ api (process on t2) → data (process on t1)");
}

TEST(Diff, RefusesNamesWithoutAMeaning) {
  const Manifest good = MakeManifest(ThreeTiers());
  Manifest no_service = good;
  no_service.services.erase(good.mappings[2].service);
  Manifest no_target = good;
  no_target.targets.erase(TargetName("t2"));
  Manifest no_mapping = good;
  no_mapping.mappings.erase(no_mapping.mappings.begin());
  Manifest no_provider = good;
  no_provider.mappings[1].provided_by = ServiceKey("nobody");
  Manifest twice = good;
  twice.mappings.push_back(twice.mappings.back());
  for (const Manifest* bad : {&no_service, &no_target, &no_mapping, &no_provider, &twice}) {
    const auto difference = DiffManifests(&good, *bad);
    ASSERT_FALSE(difference.has_value());
    EXPECT_EQ(difference.error().code, ErrorCode::kInvalid);
    EXPECT_FALSE(difference.error().fix.empty());
    EXPECT_FALSE(DiffManifests(bad, good).has_value()) << "nor as a base";
  }
}

}  // namespace
}  // namespace eris::diff_test
