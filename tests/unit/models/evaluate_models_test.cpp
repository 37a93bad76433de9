// Goal: options of an evaluation take effect, what fails is told in one line, and cost does not
// explode. Method: Nix on models written by the test, in a store of its own.
#include "planner/models/evaluate_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/models/nix_store.h"

namespace eris {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const testing::NixStore& Store() {
  static const testing::NixStore kStore(testing::StoreNames::kLogical);
  return kStore;
}

// Models written into a directory of the test's own.
class Models : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_.Write("infrastructure.nix",
                     "{ one = { system = \"x86_64-linux\"; properties.hostname = \"h\"; }; }");
    directory_.Write("distribution.nix",
                     "{ infrastructure, ... }: { a = [ infrastructure.one ]; }");
  }
  ModelOptions Options(const std::string& services) {
    directory_.Write("services.nix", services);
    ModelOptions options;
    options.sources.services = directory_.path() / "services.nix";
    options.sources.infrastructure = directory_.path() / "infrastructure.nix";
    options.sources.distribution = directory_.path() / "distribution.nix";
    options.nix = Store().options();
    return options;
  }
  testing::TemporaryDirectory directory_;
};

constexpr const char* kParametrised = R"(
{ system, pkgs, port ? 80, suffix ? "", ... }: {
  a = { name = "a"; type = "echo"; pkg = derivation {
    name = "a${toString port}${suffix}"; inherit system; builder = "/bin/sh"; }; };
})";

std::string ComponentIn(const Result<EvaluatedModels>& models) {
  if (!models) return models.error().message;
  if (models->manifest.services.empty()) return "no service";
  return ComponentOf(models->manifest.services.begin()->second.package).text;
}

TEST_F(Models, TakeExtraParameters) {
  ModelOptions options = Options(kParametrised);
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a80");
  options.extra_params = "{ port = 81; suffix = \"x\"; unknown = throw \"unused\"; } # end";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a81x");
}

TEST_F(Models, ShowNixErrorsByTheirLastLine) {
  const auto failed =
      EvaluateModels(Options("{ ... }: { a = { name = \"a\"; type = \"echo\"; pkg = nope; }; }"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(failed.error().message, StartsWith("undefined variable 'nope' (at /"));
}

TEST_F(Models, AFullDiskIsNoFaultOfTheModels) {
  const auto failed = EvaluateModels(
      Options("{ ... }: throw \"writing to file '/tmp/x': No space left on device\""));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(failed.error().fix, StartsWith("make room"));
}

// Whatever Nix says, the line tells which attribute of which model it was about.
TEST_F(Models, NamePlacesOfNixErrors) {
  const auto failed = EvaluateModels(Options(
      "{ ... }: rec {\n"
      "  b = { name = \"b\"; type = \"echo\"; pkg = throw \"unused\"; };\n"
      "  a = { name = \"a\"; type = \"echo\"; connectsTo = { inherit a; }; pkg = {}: 1; }; }"));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("services.nix:3: services model, a.pkg: "));
  EXPECT_THAT(failed.error().message, HasSubstr("called with unexpected argument 'a'"));
}

TEST_F(Models, GoTogetherInDisnixCombinationsOnly) {
  ModelOptions options = Options(kParametrised);
  options.sources.architecture = options.sources.services;
  auto failed = EvaluateModels(options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "--architecture does not go with --services");
  options = Options(kParametrised);
  options.sources.purpose = ModelSources::Purpose::kUndeploy;
  failed = EvaluateModels(options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "--undeploy does not go with --services");
}

// A flake of this machine, without inputs: nothing is fetched.
TEST_F(Models, MayBeAFlake) {
  ModelOptions options = Options(kParametrised);
  directory_.Write("flake.nix", R"({ outputs = self: { eris = {
    default = { services = ./services.nix; infrastructure = import ./infrastructure.nix;
                distribution = { infrastructure }: { a = [ infrastructure.one ]; }; };
    bare.infrastructure = ./infrastructure.nix; }; }; })");
  options.sources = {.flake = directory_.path().string()};
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a80");
  options.sources.flake += "#bare";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "no service");
  options.sources.flake = directory_.path().string() + "#other";
  EXPECT_THAT(ComponentIn(EvaluateModels(options)), HasSubstr("no output 'eris.other'"));
}

TEST_F(Models, ThatAreMissingAreNamed) {
  ModelOptions options = Options(kParametrised);
  options.sources.distribution = "nowhere/distribution.nix";
  const auto failed = EvaluateModels(options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(failed.error().message, HasSubstr("nowhere/distribution.nix"));
}

TEST_F(Models, MayBeJsonAndPlacedBySpecialProperty) {
  ModelOptions options = Options(kParametrised);
  directory_.Write("infrastructure.json",
                   R"({ "one": { "system": "x86_64-linux", "properties": { "address": "a" } } })");
  options.sources.infrastructure = directory_.path() / "infrastructure.json";
  options.target_property = "address";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a80");
}

TEST_F(Models, GetPackagesOfTheirTargetsSystem) {
  directory_.Write(
      "nixpkgs/default.nix",
      "{ system ? \"none\" }: { hello = derivation { name = \"hello-${system}\"; inherit "
      "system; builder = \"/bin/sh\"; }; }");
  ModelOptions options =
      Options("{ pkgs, ... }: { a = { name = \"a\"; type = \"echo\"; pkg = pkgs.hello; }; }");
  EXPECT_THAT(ComponentIn(EvaluateModels(options)), HasSubstr("nixpkgs")) << "there is none here";
  options.nixpkgs = directory_.path() / "nixpkgs";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "hello-x86_64-linux");
  // A model that asks for <nixpkgs> itself is given the same.
  options = Options(
      "{ ... }: { a = { name = \"a\"; type = \"echo\"; pkg = (import <nixpkgs> { }).hello; }; }");
  options.nixpkgs = directory_.path() / "nixpkgs";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "hello-none");
  options.nixpkgs.clear();
  options.nix.environment.push_back("NIX_PATH=nixpkgs=" + (directory_.path() / "nixpkgs").string());
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "hello-none");
}

TEST_F(Models, GiveTargetsTheirDefaults) {
  ModelOptions options = Options("{ ... }: { }");
  directory_.Write("infrastructure.nix", "{ one.properties.hostname = \"h\"; }");
  directory_.Write("distribution.nix", "{ infrastructure }: { }");
  const auto models = EvaluateModels(options);
  ASSERT_TRUE(models) << models.error().message;
  const Target& target = models->manifest.targets.at(TargetName("one"));
  EXPECT_EQ("\"" + target.system.text + "\"",
            EvaluateNix("builtins.currentSystem", options.nix).value());
  EXPECT_EQ(target.num_of_cores, 1U);
  EXPECT_EQ(target.target_property, "hostname");
  EXPECT_EQ(target.client_interface, "");
  EXPECT_TRUE(target.containers.empty());
}

TEST_F(Models, OfAnArchitectureGetAllExtraParameters) {
  ModelOptions options = Options("");
  directory_.Write("architecture.nix", R"({ system, pkgs, port, ... } @ arguments: rec {
    infrastructure.one = { system = "x86_64-linux"; properties.hostname = "h"; };
    services.a = { name = "a"; type = "echo"; targets = [ infrastructure.one ];
      pkg = derivation { name = "a${toString port}${arguments.rest}"; inherit system; builder = "/bin/sh"; }; };
  })");
  options.sources = {.architecture = directory_.path() / "architecture.nix"};
  options.extra_params = "{ port = 80; rest = \"x\"; }";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a80x");
}

// One package throws because of what is wrong elsewhere; another one is wrong by itself.
TEST_F(Models, TellOfWrongPackagesBesideOnesThatThrow) {
  ModelOptions options = Options(R"({ system, ... }: rec {
    a = { name = "a"; type = "echo"; pkg = 5; };
    b = { name = "b"; type = "echo"; dependsOn = { inherit c; }; pkg = { c }: derivation {
      name = c.target.properties.hostname; inherit system; builder = "/bin/sh"; }; };
    c = { name = "c"; type = "echo"; pkg = 5; };
  })");
  directory_.Write("distribution.nix",
                   "{ infrastructure }: with infrastructure; { a = [ one ]; b = [ one ]; }");
  const auto models = EvaluateModels(options);
  ASSERT_TRUE(models) << models.error().message;
  std::vector<std::string> paths;
  for (const Finding& error : models->errors) paths.push_back(error.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"a.pkg", "b.dependsOn.c"}));
}

TEST_F(Models, DeployStateOfAllServicesThatDoNotSay) {
  ModelOptions options = Options(kParametrised);
  options.deploy_state = true;
  const auto models = EvaluateModels(options);
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->manifest.snapshot_mappings.size(), 1U);
}

TEST_F(Models, KnowTypesOnlyWhenTold) {
  ModelOptions options = Options(kParametrised);
  options.check.known_types = {"process"};
  const auto models = EvaluateModels(options);
  ASSERT_TRUE(models) << models.error().message;
  ASSERT_EQ(models->errors.size(), 1U);
  EXPECT_EQ(models->errors[0].path, "a.type");
}

// 40 layers of two services that each depend on both below: 2^40 paths, 80 services.
TEST_F(Models, WalkDiamondsOnce) {
  std::string services = R"({ system, ... }: let
    make = name: deps: derivation { inherit name system; builder = "/bin/sh";
      text = toString (map (d: deps.${d}.target.properties.hostname) (builtins.attrNames deps)); };
  in rec {
    a = { name = "a"; type = "echo"; pkg = make "a" { }; };
    b = { name = "b"; type = "echo"; pkg = make "b" { }; };
)";
  std::string below[2] = {"a", "b"};
  std::string names = "a = 1; b = 1;";
  for (int layer = 1; layer < 40; ++layer) {
    const std::string next[2] = {"l" + std::to_string(layer), "r" + std::to_string(layer)};
    for (const std::string& name : next) {
      services += name + " = { name = \"" + name + "\"; type = \"echo\"; dependsOn = { inherit " +
                  below[0] + " " + below[1] + "; }; pkg = make \"" + name + "\"; };\n";
      names += name + " = 1;";
    }
    below[0] = next[0];
    below[1] = next[1];
  }
  directory_.Write(
      "distribution.nix",
      "{ infrastructure }: builtins.mapAttrs (_: _: [ infrastructure.one ]) { " + names + " }");
  const auto models = EvaluateModels(Options(services + "}"));
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->manifest.services.size(), 80U);
}

// --- the examples
// ---------------------------------------------------------------------------------

Manifest Example(const std::string& services) {
  const std::string directory = ERIS_EXAMPLES_DIR "/three-tier/";
  ModelOptions options;
  options.sources.services = directory + services;
  options.sources.infrastructure = directory + "infrastructure.nix";
  options.sources.distribution = directory + "distribution.nix";
  options.extra_params = "{ dataPort = 17001; apiPort = 17002; webPort = 18080; }";
  options.nix = Store().options();
  const auto models = EvaluateModels(options);
  EXPECT_TRUE(models) << models.error().message;
  if (!models) return {};
  EXPECT_TRUE(models->errors.empty() && models->warnings.empty()) << services;
  return models->manifest;
}

TEST(Examples, UpgradeTheApiAndWhatDependsOnIt) {
  const Manifest before = Example("services.nix");
  ASSERT_EQ(before.mappings.size(), 3U);
  for (const char* upgrade : {"services-upgrade.nix", "services-broken.nix"}) {
    const Manifest after = Example(upgrade);
    ASSERT_EQ(after.mappings.size(), 3U);
    for (const Mapping& mapping : after.mappings) {
      const bool kept = std::find(before.mappings.begin(), before.mappings.end(), mapping) !=
                        before.mappings.end();
      EXPECT_EQ(kept, after.services.at(mapping.service).name.text == "data") << upgrade;
    }
  }
}

}  // namespace
}  // namespace eris
