// Goal: a manifest survives the way to JSON and back, and text that is no manifest is refused by
// name of what is wrong. Method: a manifest with every member set; small edits of its text.
#include "planner/models/manifest_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/build_manifest.h"
#include "tests/unit/models/raw_models.h"

namespace eris {
namespace {

using ::testing::HasSubstr;

Manifest FullManifest() {
  testing::ModelBuilder builder = testing::ThreeTiers();
  builder.Container("one", testing::SecretProperty("key", "name"));
  builder.At("data").deploy_state = true;
  builder.At("data").state_undo = true;
  builder.At("data").deadline_s = 5;
  builder.At("data").provides_containers[ContainerName("box")] = {
      {"list", Property::Kind::kText, "1 two", R"([1,"two"])"},
      {"set", Property::Kind::kStructured, "", R"({"a":true})"}};
  builder.At("aside").places = {{TargetName("one"), ContainerName("box")}};
  Manifest manifest = BuildManifest(builder.model(), MakeInstances(builder.model()));
  manifest.targets.begin()->second.client_interface = "ssh";
  manifest.profiles[TargetName("one")] = {StorePath("/s/p.drv"), StorePath("/s/p"), "abc"};
  return manifest;
}

TEST(ManifestJson, RoundTrips) {
  const Manifest manifest = FullManifest();
  const std::string text = ManifestToJson(manifest);
  const Result<Manifest> read = ManifestFromJson(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, manifest);
  EXPECT_EQ(ManifestToJson(*read), text);
}

TEST(ManifestJson, OfNothingRoundTrips) {
  const Result<Manifest> read = ManifestFromJson(ManifestToJson({}));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, Manifest{});
}

std::string Refusal(const std::string& text) {
  const Result<Manifest> read = ManifestFromJson(text);
  return read ? "accepted" : read.error().message;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ManifestJson, RefusesWhatIsNoManifest) {
  const std::string text = ManifestToJson(FullManifest());
  EXPECT_THAT(Refusal(""), HasSubstr("not a manifest"));
  EXPECT_THAT(Refusal("[]"), HasSubstr("it is a list, not an object"));
  EXPECT_THAT(Refusal("{}"), HasSubstr("infrastructure"));
  EXPECT_THAT(Refusal(Replaced(text, "\"pkg\": \"", "\"package\": \"")), HasSubstr("pkg"));
  EXPECT_THAT(Refusal(Replaced(text, "\"_secret\": \"name\"", "\"_secret\": \"/name\"")),
              HasSubstr("infrastructure.one.containers.echo.key"));
}

}  // namespace
}  // namespace eris
