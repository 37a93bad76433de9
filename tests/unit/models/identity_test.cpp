// Goal: what counts as a change is exactly what the design says. Method: one change to a small
// model at a time; compare which keys and digests move.
#include "planner/models/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/build_manifest.h"
#include "tests/unit/models/raw_models.h"

namespace eris {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ModelBuilder;
using testing::SecretProperty;
using testing::TextProperty;
using testing::ThreeTiers;

Manifest Build(const RawModel& model) { return BuildManifest(model, MakeInstances(model)); }

// "service@target" of every mapping of `after` whose (key, target, container, digest) is not in
// `before`.
std::vector<std::string> Changed(const Manifest& before, const Manifest& after) {
  std::vector<std::string> changed;
  for (const Mapping& mapping : after.mappings) {
    if (std::find(before.mappings.begin(), before.mappings.end(), mapping) !=
        before.mappings.end()) {
      continue;
    }
    changed.push_back(after.services.at(mapping.service).name.text + "@" + mapping.target.text);
  }
  std::sort(changed.begin(), changed.end());
  return changed;
}

std::vector<std::string> ChangedBy(void (*change)(ModelBuilder&)) {
  ModelBuilder before = ThreeTiers();
  before.Container("one", TextProperty("port", "1")).Container("two", SecretProperty("key", "k"));
  ModelBuilder after = before;
  change(after);
  return Changed(Build(before.model()), Build(after.model()));
}

TEST(Identity, IsAFunctionOfTheModel) {
  EXPECT_THAT(ChangedBy([](ModelBuilder&) {}), IsEmpty());
}

TEST(Identity, APackageChangesItsServiceAndWhatIsOrderedAfter) {
  EXPECT_THAT(
      ChangedBy([](ModelBuilder& b) { b.At("api").packages[testing::kSystem].path.text += "-2"; }),
      ElementsAre("api@one", "api@two", "web@two"));
}

TEST(Identity, ATypeChangesIt) {
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.At("web").type = "wrapper"; }),
              ElementsAre("web@two"));
}

TEST(Identity, APlaceOfADependencyChangesDependents) {
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) {
                b.At("data").places = {{TargetName("two"), ContainerName("echo")}};
              }),
              ElementsAre("api@one", "api@two", "data@two", "web@two"));
}

TEST(Identity, TheOwnPlaceMovesTheMappingNotTheKey) {
  ModelBuilder before = ThreeTiers();
  ModelBuilder after = before;
  after.At("web").places = {{TargetName("one"), ContainerName("echo")}};
  const Manifest old_manifest = Build(before.model());
  const Manifest new_manifest = Build(after.model());
  EXPECT_THAT(Changed(old_manifest, new_manifest), ElementsAre("web@one"));
  EXPECT_EQ(old_manifest.services.size(), new_manifest.services.size());
  for (const auto& [key, service] : new_manifest.services) {
    EXPECT_TRUE(old_manifest.services.contains(key)) << service.name.text;
  }
}

TEST(Identity, APropertyChangesMappingsOfItsContainerAndWhatIsOrderedAfter) {
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.Container("one", TextProperty("port", "2")); }),
              ElementsAre("api@one", "api@two", "aside@one", "data@one", "web@two"));
  ModelBuilder keys = ThreeTiers();
  ModelBuilder other = ThreeTiers();
  other.Container("one", TextProperty("port", "2"));
  for (const auto& [key, service] : Build(other.model()).services) {
    EXPECT_TRUE(Build(keys.model()).services.contains(key)) << "a property is not in the key";
  }
}

TEST(Identity, SecretsCountByName) {
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.Container("two", SecretProperty("key", "k")); }),
              IsEmpty());
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.Container("two", SecretProperty("key", "k2")); }),
              ElementsAre("api@two", "web@two"));
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.Container("two", TextProperty("key", "k")); }),
              ElementsAre("api@two", "web@two"));
}

TEST(Identity, ConnectsToAndPropertiesOfTargetsAreNoIdentity) {
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) { b.ConnectsTo("aside", "web"); }), IsEmpty());
  EXPECT_THAT(ChangedBy([](ModelBuilder& b) {
                b.model()
                    .targets.at(TargetName("one"))
                    .target.properties.push_back(TextProperty("rack", "7"));
              }),
              IsEmpty());
}

TEST(Identity, AProviderGivesPropertiesAndOrder) {
  const auto with_port = [](const std::string& port) {
    ModelBuilder builder = ThreeTiers();
    builder.Container("one", TextProperty("port", "ignored"));
    builder.At("data").provides_containers[ContainerName("box")] = {TextProperty("port", port)};
    builder.At("aside").places = {{TargetName("one"), ContainerName("box")}};
    return Build(builder.model());
  };
  const Manifest manifest = with_port("1");
  EXPECT_THAT(Changed(manifest, with_port("2")), ElementsAre("aside@one"));
  const auto mapping = std::find_if(manifest.mappings.begin(), manifest.mappings.end(),
                                    [](const Mapping& one) { return one.container.text == "box"; });
  ASSERT_NE(mapping, manifest.mappings.end());
  ASSERT_TRUE(mapping->provided_by);
  EXPECT_EQ(manifest.services.at(*mapping->provided_by).name.text, "data");
  EXPECT_THAT(manifest.services.at(mapping->service).activates_after, IsEmpty());
}

TEST(Identity, AProviderOnOneTargetIsNothingToMappingsOnOthers) {
  const auto with_package = [](const std::string& package) {
    ModelBuilder builder;
    builder.Target("one")
        .Target("two")
        .Service("app", {})
        .Service("box1", {"one"})
        .Service("box2", {"two"});
    builder.At("box1").provides_containers[ContainerName("box")] = {};
    builder.At("box2").provides_containers[ContainerName("box")] = {};
    builder.At("app").places = {{TargetName("one"), ContainerName("box")},
                                {TargetName("two"), ContainerName("box")}};
    builder.At("box1").packages[testing::kSystem].path.text += package;
    return Build(builder.model());
  };
  EXPECT_THAT(Changed(with_package(""), with_package("-2")), ElementsAre("app@one", "box1@one"));
}

TEST(Identity, StateIsMappedUnderTheNameOfThePackage) {
  ModelBuilder builder = ThreeTiers();
  builder.At("data").deploy_state = true;
  builder.At("aside").deploy_state = true;
  builder.At("aside").type = "package";
  const Manifest manifest = Build(builder.model());
  ASSERT_EQ(manifest.snapshot_mappings.size(), 1U) << "packages have no state";
  EXPECT_EQ(manifest.snapshot_mappings[0].component.text, "data");
}

// A chain as deep as the largest systems: nothing here may recurse, or be more than linear.
TEST(Identity, HoldsForTenThousandServicesInARow) {
  ModelBuilder builder;
  builder.Target("one");
  const auto name = [](int i) { return "s" + std::to_string(i); };
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) builder.Service(name(i), {"one"});
  for (int i = 1; i < kCount; ++i) builder.DependsOn(name(i), name(i - 1));
  const Manifest manifest = Build(builder.model());
  EXPECT_EQ(manifest.services.size(), std::size_t{kCount});
  builder.At(name(0)).packages[testing::kSystem].path.text += "x";
  const Manifest after = Build(builder.model());
  EXPECT_EQ(after.services.size(), std::size_t{kCount});
  for (const auto& [key, service] : after.services) {
    ASSERT_FALSE(manifest.services.contains(key)) << service.name.text;
  }
}

}  // namespace
}  // namespace eris
