// Goal: a profile can be built from whatever is mapped to a target, roots all of it, says what it
// is, and is the same as long as what it is made from is. Method: packages of every kind built by
// Nix in a store of the test's own, without the network and without privileges.
#include "planner/models/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "planner/models/evaluate_models.h"
#include "schema/base/command.h"
#include "tests/unit/models/nix_store.h"
#include "tests/unit/models/raw_models.h"

namespace eris::profiles_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const DigestKey kKey{{1, 2, 3}};

constexpr const char* kServices = R"(
{ system, pkgs, ... }:
let
  sh = name: script: derivation {
    inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-ec" script ];
  };
  directory = name: text: derivation {
    inherit name text; system = "builtin"; builder = "builtin:buildenv"; derivations = [ ];
    manifest = sh "${name}-file" "echo ${text} > $out";
  };
in {
  first = { name = "first"; type = "echo"; pkg = directory "first" "1"; };
  second = { name = "second"; type = "echo"; pkg = directory "second" "2"; };
  file = { name = "file"; type = "echo"; pkg = sh "file" "echo f > $out"; };
  source = { name = "source"; type = "package"; pkg = builtins.toFile "source" "it's plain"; };
  many = { name = "many"; type = "echo"; pkg = (derivation {
    name = "many"; system = builtins.currentSystem; builder = "/bin/sh"; outputs = [ "out" "bin" ];
    args = [ "-ec" "echo o > $out; echo b > $bin" ]; }).bin; };
})";

class Profiles : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_.Write("services.nix", kServices);
    directory_.Write(
        "infrastructure.nix",
        R"({ "full one" = { properties.hostname = "f"; containers.echo = { word = "it's"; }; };
                          empty = { properties.hostname = "e"; }; })");
    directory_.Write(
        "distribution.nix",
        "{ infrastructure }: builtins.mapAttrs (_: _: [ infrastructure.\"full one\" ]) "
        "{ first = 1; second = 1; file = 1; source = 1; many = 1; }");
    ModelOptions options;
    options.sources.services = directory_.path() / "services.nix";
    options.sources.infrastructure = directory_.path() / "infrastructure.nix";
    options.sources.distribution = directory_.path() / "distribution.nix";
    options.nix = store_.options();
    const auto models = EvaluateModels(options);
    ASSERT_TRUE(models) << models.error().message;
    ASSERT_TRUE(models->errors.empty()) << ToString(models->errors.front());
    manifest_ = models->manifest;
  }

  Result<std::map<TargetName, TargetProfile>> Make() {
    return MakeProfiles(manifest_, {kKey, {}, store_.options()});
  }

  Result<CommandOutput> RunNix(const std::vector<std::string>& argv) {
    CommandOptions options;
    for (const std::string& entry : store_.options().environment) {
      options.environment.push_back(entry);
    }
    std::reverse(options.environment.begin(), options.environment.end());
    return RunCommand(argv, options);
  }

  testing::NixStore store_{testing::StoreNames::kOwn};
  testing::TemporaryDirectory directory_;
  Manifest manifest_;
};

std::string Read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(Profiles, BuildAndRootEverythingMapped) {
  const auto profiles = Make();
  ASSERT_TRUE(profiles) << profiles.error().message;
  ASSERT_EQ(profiles->size(), 2U);
  for (const auto& [target, profile] : *profiles) {
    EXPECT_FALSE(fs::exists(profile.path.text)) << "made, not built";
    const auto built = RunNix({"nix-store", "--realise", profile.derivation.text});
    ASSERT_TRUE(built) << built.error().message;
    ASSERT_TRUE(built->status.success()) << built->stderr_tail;
    EXPECT_EQ(built->stdout_text, profile.path.text + "\n");
    EXPECT_EQ(Read(profile.path.text + "/manifest.nix"),
              ProfileText(manifest_, target, kKey) + "\n");
  }
  const TargetProfile& full = profiles->at(TargetName("full one"));
  const auto closure = RunNix({"nix-store", "--query", "--requisites", full.path.text});
  ASSERT_TRUE(closure) << closure.error().message;
  for (const auto& [key, service] : manifest_.services) {
    EXPECT_THAT(closure->stdout_text, HasSubstr(service.package.text)) << service.name.text;
  }
}

TEST_F(Profiles, AreTakenOverWhileNothingChanges) {
  const auto first = Make();
  ASSERT_TRUE(first) << first.error().message;
  NixOptions no_nix;
  no_nix.program = "/nonexistent/nix-instantiate";
  const auto again = MakeProfiles(manifest_, {kKey, *first, no_nix});
  ASSERT_TRUE(again) << "all are known: " << again.error().message;
  EXPECT_EQ(*again, *first);
  manifest_.mappings.front().digest = "another";
  EXPECT_FALSE(MakeProfiles(manifest_, {kKey, *first, no_nix}));
  const auto changed = MakeProfiles(manifest_, {kKey, *first, store_.options()});
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->at(TargetName("empty")), first->at(TargetName("empty")));
  EXPECT_NE(changed->at(TargetName("full one")).path, first->at(TargetName("full one")).path);
}

TEST_F(Profiles, InADeploymentModelStayUnlessTheyWereMadeForAnother) {
  const auto made = Make();
  ASSERT_TRUE(made) << made.error().message;
  manifest_.profiles = *made;
  NixOptions no_nix;
  no_nix.program = "/nonexistent/nix-instantiate";
  EXPECT_EQ(MakeProfiles(manifest_, {kKey, {}, no_nix}).value(), *made);
  // For some targets only, and by hand: the others get theirs.
  const TargetProfile by_hand{{}, StorePath("/nix/store/0-mine"), {}};
  manifest_.profiles = {{TargetName("empty"), by_hand}};
  const auto partial = Make();
  ASSERT_TRUE(partial) << partial.error().message;
  EXPECT_EQ(partial->at(TargetName("empty")), by_hand);
  EXPECT_EQ(partial->at(TargetName("full one")), made->at(TargetName("full one")));
  // Edited after it was made.
  manifest_.profiles = *made;
  manifest_.mappings.front().digest = "another";
  const auto changed = Make();
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_NE(changed->at(TargetName("full one")), made->at(TargetName("full one")));
}

Manifest Small(const Property& property) {
  testing::ModelBuilder builder = testing::ThreeTiers();
  builder.Container("one", property);
  Manifest manifest;
  for (const auto& [name, raw] : builder.model().targets) manifest.targets[name] = raw.target;
  manifest.services[ServiceKey("k")] = {
      ServiceName("s"), "echo", StorePath("/s/p"), {}, {}, {}, {}, {}, {}};
  manifest.mappings = {{TargetName("one"), ContainerName("echo"), ServiceKey("k"), {}, "d"}};
  return manifest;
}

TEST(ProfileText, HoldsNeitherValuesNorPlainDigestsOfThem) {
  const TargetName one("one");
  const std::string text =
      ProfileText(Small(testing::TextProperty("word", "swordfish")), one, kKey);
  EXPECT_THAT(text, Not(HasSubstr("swordfish")));
  EXPECT_THAT(text, HasSubstr("word"));
  EXPECT_THAT(text, Not(HasSubstr("\"d\""))) << "the digest of a mapping could be guessed at";
  EXPECT_THAT(text, Not(HasSubstr("'")));
  EXPECT_NE(text, ProfileText(Small(testing::TextProperty("word", "shark")), one, kKey));
  EXPECT_NE(text, ProfileText(Small(testing::TextProperty("word", "swordfish")), one, {{9}}));
}

TEST(ProfileText, NamesSecrets) {
  EXPECT_THAT(
      ProfileText(Small(testing::SecretProperty("word", "the-key")), TargetName("one"), kKey),
      HasSubstr(R"({"_secret":"the-key"})"));
}

TEST(ProfileDigest, CoversWhatTheInfrastructureModelSaysOfTheTarget) {
  Manifest manifest = Small(testing::TextProperty("a", "b"));
  const std::string before = ProfileDigest(manifest, TargetName("one"), kKey);
  manifest.targets.at(TargetName("one")).num_of_cores = 4;
  EXPECT_NE(before, ProfileDigest(manifest, TargetName("one"), kKey));
}

TEST(ProfileDigest, CoversTheDerivationsOfPackages) {
  Manifest manifest = Small(testing::TextProperty("a", "b"));
  const std::string before = ProfileDigest(manifest, TargetName("one"), kKey);
  EXPECT_EQ(before, ProfileDigest(manifest, TargetName("one"), kKey));
  manifest.services.at(ServiceKey("k")).derivation = StorePath("/s/p.drv");
  EXPECT_NE(before, ProfileDigest(manifest, TargetName("one"), kKey));
}

}  // namespace
}  // namespace eris::profiles_test
