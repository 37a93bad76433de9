// Goal: a change in the models redeploys exactly what the design says, from the text of a model to
// the mappings. Method: one system evaluated by Nix before and after each change; which mappings
// differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "planner/models/evaluate_models.h"
#include "tests/unit/models/nix_store.h"

namespace eris {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// db ← api ← web; web connects to cache, and its package knows cache's port.
constexpr const char* kServices = R"(
{ system, pkgs, dbVersion ? "1", cachePort ? 1, secret ? 1, webNeeds ? "api", dbType ? "echo", ... }:
let make = name: text: derivation { inherit name text system; builder = "/bin/sh"; };
in rec {
  db = { name = "db"; type = dbType; inherit secret; pkg = make "db" dbVersion; };
  cache = { name = "cache"; type = "echo"; port = cachePort; pkg = make "cache" ""; };
  api = { name = "api"; type = "echo"; dependsOn = { inherit db; };
    pkg = { db }: make "api" db.target.properties.hostname; };
  web = { name = "web"; type = "echo"; connectsTo = { inherit cache; };
    dependsOn = { needed = if webNeeds == "api" then api else db; };
    pkg = { needed, cache }: make "web" (toString cache.port); };
  lone = { name = "lone"; type = "echo"; activatesAfter = { inherit cache; }; pkg = make "lone" ""; };
})";
constexpr const char* kDistribution = R"(
{ infrastructure, dbPlace ? "one" }:
{ db = [ infrastructure.${dbPlace} ]; cache = [ infrastructure.one ]; api = [ infrastructure.two ];
  web = [ infrastructure.two ]; lone = [ infrastructure.two ]; })";
constexpr const char* kInfrastructure = R"({
  one = { system = "x86_64-linux"; properties = { hostname = "one"; rack = 1; }; containers.echo.port = 1; };
  two = { system = "x86_64-linux"; properties.hostname = "two"; containers.echo.port = 2; };
})";

class Change : public ::testing::Test {
 protected:
  void SetUp() override { before_ = Evaluate(""); }

  std::vector<Mapping> Evaluate(const std::string& parameters,
                                const std::string& infrastructure = kInfrastructure) {
    directory_.Write("services.nix", kServices);
    directory_.Write("distribution.nix", kDistribution);
    directory_.Write("infrastructure.nix", infrastructure);
    ModelOptions options;
    options.sources = {.services = directory_.path() / "services.nix",
                       .infrastructure = directory_.path() / "infrastructure.nix",
                       .distribution = directory_.path() / "distribution.nix"};
    options.extra_params = "{ " + parameters + " }";
    options.nix = store_.options();
    const auto models = EvaluateModels(options);
    EXPECT_TRUE(models && models->errors.empty()) << (models ? "" : models.error().message);
    if (!models) return {};
    for (const auto& [key, service] : models->manifest.services) names_[key] = service.name.text;
    return models->manifest.mappings;
  }
  // The services of the mappings that are not what they were before.
  std::set<std::string> Redeployed(const std::vector<Mapping>& after) {
    std::set<std::string> names;
    for (const Mapping& mapping : after) {
      const bool is_kept = std::find(before_.begin(), before_.end(), mapping) != before_.end();
      if (!is_kept) names.insert(names_.at(mapping.service));
    }
    return names;
  }
  static std::string Replaced(std::string text, const std::string& from, const std::string& to) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return text.replace(text.find(from), from.size(), to);
  }

  testing::NixStore store_{testing::StoreNames::kLogical};
  testing::TemporaryDirectory directory_;
  std::map<ServiceKey, std::string> names_;
  std::vector<Mapping> before_;
};

TEST_F(Change, OfNothingRedeploysNothing) { EXPECT_THAT(Redeployed(Evaluate("")), IsEmpty()); }

TEST_F(Change, OfAPackageRedeploysItAndWhatIsOrderedAfter) {
  EXPECT_THAT(Redeployed(Evaluate("dbVersion = \"2\";")), UnorderedElementsAre("db", "api", "web"));
}

TEST_F(Change, OfATypeRedeploysItAndWhatIsOrderedAfter) {
  EXPECT_THAT(Redeployed(Evaluate("dbType = \"process\";")),
              UnorderedElementsAre("db", "api", "web"));
}

TEST_F(Change, OfALocationRedeploysItAndWhatIsOrderedAfter) {
  EXPECT_THAT(Redeployed(Evaluate("dbPlace = \"two\";")), UnorderedElementsAre("db", "api", "web"));
}

TEST_F(Change, OfAnInterdependencyRedeploysWhoHasIt) {
  EXPECT_THAT(Redeployed(Evaluate("webNeeds = \"db\";")), ElementsAre("web"));
}

TEST_F(Change, OfAParameterOfConnectsToRedeploysThatServiceAlone) {
  EXPECT_THAT(Redeployed(Evaluate("cachePort = 2;")), ElementsAre("web"));
}

TEST_F(Change, OfAnAttributeThatNobodyReadsRedeploysNothing) {
  EXPECT_THAT(Redeployed(Evaluate("secret = 2;")), IsEmpty());
}

TEST_F(Change, OfAContainersPropertyRedeploysItsMappingsAndWhatIsOrderedAfter) {
  EXPECT_THAT(Redeployed(Evaluate("", Replaced(kInfrastructure, "port = 1", "port = 3"))),
              UnorderedElementsAre("db", "cache", "api", "web", "lone"));
  EXPECT_THAT(Redeployed(Evaluate("", Replaced(kInfrastructure, "port = 2", "port = 3"))),
              UnorderedElementsAre("api", "web", "lone"));
}

TEST_F(Change, OfATargetsPropertyCountsAsFarAsItReachesAPackage) {
  EXPECT_THAT(Redeployed(Evaluate("", Replaced(kInfrastructure, "rack = 1", "rack = 2"))),
              IsEmpty());
  EXPECT_THAT(
      Redeployed(Evaluate("", Replaced(kInfrastructure, "hostname = \"one\"", "hostname = \"x\""))),
      UnorderedElementsAre("api", "web"));
}

}  // namespace
}  // namespace eris
