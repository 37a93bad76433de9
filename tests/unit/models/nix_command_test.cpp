// Goal: Nix' errors become one line with their position, strings travel unchanged, and what fails
// to run is told apart from what Nix refuses. Method: texts as Nix prints them, and small
// expressions.
#include "planner/models/nix_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/evaluate_models.h"
#include "tests/unit/models/nix_store.h"

namespace eris {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(NixErrorLine, TellsMessageAndPosition) {
  EXPECT_EQ(NixErrorLine("warning: something\n"
                         "error: undefined variable 'x'\n\n"
                         "       at /m/services.nix:3:9:\n\n"
                         "            2| {\n            3|   a = x;\n             |       ^\n"
                         "(use '--show-trace' to show detailed location information)\n"),
            "undefined variable 'x' (at /m/services.nix:3:9)");
  EXPECT_EQ(NixErrorLine("error: getting status of '/m/x': No such file or directory\n"),
            "getting status of '/m/x': No such file or directory");
  EXPECT_EQ(NixErrorLine("error:\n       … while calling\n       error: last\n"), "last");
  EXPECT_EQ(NixErrorLine("Segmentation fault\nmore"), "Segmentation fault");
  EXPECT_EQ(NixErrorLine(""), "");
}

const testing::NixStore& Store() {
  static const testing::NixStore kStore(testing::StoreNames::kLogical);
  return kStore;
}

TEST(EvaluateNix, PassesStringsUnchanged) {
  const std::string text = "a\"b\\c${d}\n\t'$$ \xC3\xA9";
  const Result<std::string> json = EvaluateNix(NixString(text), Store().options());
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_THAT(*json, HasSubstr(R"("a\"b\\c${d}\n\t'$$ é")"));
}

TEST(EvaluateNix, RefusesWithOneLineOrTheWholeTrace) {
  NixOptions options = Store().options();
  const Result<std::string> brief =
      EvaluateNix("let f = x: throw \"bad ${x}\"; in f \"apple\"", options);
  ASSERT_FALSE(brief);
  EXPECT_EQ(brief.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(brief.error().message, StartsWith("bad apple"));
  EXPECT_EQ(brief.error().message.find('\n'), std::string::npos);
  options.show_trace = true;
  const Result<std::string> whole =
      EvaluateNix("let f = x: throw \"bad ${x}\"; in f \"apple\"", options);
  ASSERT_FALSE(whole);
  EXPECT_THAT(whole.error().message, HasSubstr("bad apple"));
  EXPECT_THAT(whole.error().message, HasSubstr("\n"));
}

TEST(EvaluateNix, SaysWhenNixIsMissing) {
  NixOptions options;
  options.program = "/nonexistent/nix-instantiate";
  const Result<std::string> json = EvaluateNix("1", options);
  ASSERT_FALSE(json);
  EXPECT_NE(json.error().code, ErrorCode::kInvalid);
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
    options.services = directory_.path() / "services.nix";
    options.infrastructure = directory_.path() / "infrastructure.nix";
    options.distribution = directory_.path() / "distribution.nix";
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

TEST_F(Models, ThatAreMissingAreNamed) {
  ModelOptions options = Options(kParametrised);
  options.distribution = "nowhere/distribution.nix";
  const auto failed = EvaluateModels(options);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(failed.error().message, HasSubstr("nowhere/distribution.nix"));
}

TEST_F(Models, MayBeJsonAndPlacedBySpecialProperty) {
  ModelOptions options = Options(kParametrised);
  directory_.Write("infrastructure.json",
                   R"({ "one": { "system": "x86_64-linux", "properties": { "address": "a" } } })");
  options.infrastructure = directory_.path() / "infrastructure.json";
  options.target_property = "address";
  EXPECT_EQ(ComponentIn(EvaluateModels(options)), "a80");
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

}  // namespace
}  // namespace eris
