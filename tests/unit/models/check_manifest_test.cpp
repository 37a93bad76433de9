// Goal: a deployment model that somebody wrote is refused with every reason at once, whatever is
// wrong with it, and never crashes or loops. Method: models in Nix and JSON, with one mistake each
// and with many; the findings and the digests that a good one gets.
#include "planner/models/check_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/deployment_model.h"
#include "planner/models/manifest_json.h"
#include "tests/unit/models/nix_store.h"

namespace eris {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kPackage = "/nix/store/00000000000000000000000000000000-";

std::string ServiceText(const std::string& name, const std::string& more) {
  return '"' + name + R"(": {"name": ")" + name + R"(", "type": "echo", "pkg": ")" + kPackage +
         name + '"' + more + "}";
}
std::string LinkTo(const std::string& name) {
  return R"({"service": ")" + name + R"(", "target": "one", "container": "echo"})";
}
std::string Model(const std::string& services, const std::string& mappings,
                  const std::string& more = "", const std::string& cores = "1") {
  return R"({"infrastructure": {"one": {"numOfCores": )" + cores +
         R"(, "properties": {"hostname": "one"}, "containers": {"echo": {"port": 1}}}},
             "services": {)" +
         services + R"(}, "serviceMappings": [)" + mappings + "]" + more + "}";
}

// "PATH: MESSAGE" of each.
std::vector<std::string> Problems(const std::string& json) {
  const Result<Manifest> manifest = ManifestFromJson(json);
  if (!manifest) return {"refused: " + manifest.error().message};
  std::vector<std::string> problems;
  for (const Finding& finding : CheckManifest(*manifest)) {
    EXPECT_NE(finding.fix, "");
    problems.push_back(finding.path + ": " + finding.message);
  }
  return problems;
}

TEST(CheckManifest, AcceptsWhatIsWhole) {
  EXPECT_THAT(Problems(Model(ServiceText("a", ""), LinkTo("a"))), IsEmpty());
  EXPECT_THAT(Problems(Model("", "", R"(, "profiles": {"one": "/s/p"})")), IsEmpty())
      << "profiles alone";
}

TEST(CheckManifest, ShowsCyclesAsPaths) {
  const std::string services = ServiceText("a", R"(, "dependsOn": [)" + LinkTo("b") + "]") + "," +
                               ServiceText("b", R"(, "activatesAfter": [)" + LinkTo("a") + "]") +
                               "," + ServiceText("c", R"(, "dependsOn": [)" + LinkTo("c") + "]") +
                               "," + ServiceText("d", R"(, "connectsTo": [)" + LinkTo("d") + "]");
  const std::string mappings =
      LinkTo("a") + "," + LinkTo("b") + "," + LinkTo("c") + "," + LinkTo("d");
  EXPECT_THAT(Problems(Model(services, mappings)),
              ElementsAre(AllOf(HasSubstr("a → b → a")), HasSubstr("cycle: c → c")));
}

TEST(CheckManifest, NamesWhatIsUnknownOrUnmapped) {
  const std::string services =
      ServiceText("a", R"(, "dependsOn": [)" + LinkTo("b") + "," + LinkTo("ghost") + "]") + "," +
      ServiceText("b", "");
  const std::string elsewhere = R"({"service": "a", "target": "two", "container": "echo"})";
  EXPECT_THAT(
      Problems(Model(services, LinkTo("a") + "," + elsewhere + "," + LinkTo("nobody"),
                     R"(, "profiles": {"three": "/s/p"})")),
      ElementsAre("profiles.three: the target 'three' is unknown",
                  "serviceMappings.a: the target 'two' is unknown",
                  "serviceMappings.nobody: the service 'nobody' is unknown",
                  "services.a.dependsOn: 'b' is not mapped to target 'one', container 'echo'",
                  "services.a.dependsOn: the service 'ghost' is unknown"));
}

TEST(CheckManifest, RefusesImpossibleNumbersAndDuplicates) {
  const std::string service = ServiceText("a", "");
  for (const char* cores : {"-1", "0", "\"abc\"", "1.5", "4294967297"}) {
    EXPECT_THAT(Problems(Model(service, LinkTo("a"), "", cores)),
                ElementsAre(HasSubstr("infrastructure.one.numOfCores")))
        << cores;
  }
  EXPECT_THAT(Problems(Model(service, LinkTo("a") + "," + LinkTo("a"))),
              ElementsAre(HasSubstr("mapped twice")));
}

// "PATH: MESSAGE" of everything that is wrong with the shape.
std::vector<std::string> ShapeProblems(const std::string& json) {
  const Result<ManifestReading> reading = ReadManifestJson(json);
  if (!reading) return {"refused: " + reading.error().message};
  std::vector<std::string> problems;
  for (const Finding& finding : reading->findings) {
    EXPECT_NE(finding.fix, "");
    problems.push_back(finding.path + ": " + finding.message);
  }
  return problems;
}

TEST(CheckManifest, NamesEveryMemberOfAWrongType) {
  EXPECT_THAT(ShapeProblems("5"), ElementsAre(": it is 5, not an object"));
  EXPECT_THAT(ShapeProblems("{}"), ElementsAre(": there is no `infrastructure`"));
  EXPECT_THAT(ShapeProblems(R"({
        "infrastructure": {"one": 5, "two": {"system": true, "containers": {"echo": "x"}}},
        "services": {"a": {"name": "a", "type": 5, "dependsOn": "b", "deployState": "yes",
                           "deadlineMs": 0, "connectsTo": [{"service": "b", "target": 1}]},
                     "b": []},
        "serviceMappings": [{"service": "a", "target": "one"}, 7],
        "snapshotMappings": {"component": "c"},
        "profiles": {"one": null}, "profileOrigins": {"one": {"digest": 1}}})"),
              ElementsAre("snapshotMappings: it is an object, not a list",
                          "infrastructure.one: it is 5, not an object",
                          "infrastructure.two.system: it is true, not a text",
                          "infrastructure.two.containers.echo: it is \"x\", not an object",
                          "services.a.type: it is 5, not a text", "services.a: there is no `pkg`",
                          "services.a.deployState: it is \"yes\", not true or false",
                          "services.a.deadlineMs: it is 0, not a number from 1 on",
                          "services.a.dependsOn: it is \"b\", not a list",
                          "services.a.connectsTo.0.target: it is 1, not a text",
                          "services.a.connectsTo.0: there is no `container`",
                          "services.b: it is a list, not an object",
                          "serviceMappings.0: there is no `container`",
                          "serviceMappings.1: it is 7, not an object",
                          "snapshotMappings.component: it is \"c\", not an object",
                          "profiles.one: it is null, not a text",
                          "profileOrigins.one.digest: it is 1, not a text"));
}

TEST(CheckManifest, NamesMembersThatAreThereTwice) {
  std::string json = Model(ServiceText("a", "") + "," + ServiceText("a", ""), LinkTo("a"));
  json.replace(json.find("\"port\": 1"), 9, R"("port": 1, "port": 2)");
  EXPECT_THAT(ShapeProblems(json),
              ElementsAre("infrastructure.one.containers.echo.port: it is there twice",
                          "services.a: it is there twice"));
}

TEST(CheckManifest, RefusesWhatIsNoJsonAndBottomlessNesting) {
  EXPECT_THAT(Problems("{"), ElementsAre(HasSubstr("not a manifest")));
  const std::string nested = R"(, "x": )" + std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_THAT(Problems(Model("", "", nested)), ElementsAre(HasSubstr("too deep")));
}

TEST(CheckManifest, GivesDigestsThatFollowPropertiesAndOrder) {
  const auto digests = [](const std::string& port) {
    std::string json = Model(
        ServiceText("a", "") + "," + ServiceText("b", R"(, "dependsOn": [)" + LinkTo("a") + "]"),
        LinkTo("a") + "," + LinkTo("b"));
    json.replace(json.find("\"port\": 1"), 9, "\"port\": " + port);
    Manifest manifest = ManifestFromJson(json).value();
    AddMissingDigests(manifest);
    return std::pair(manifest.mappings.at(0).digest, manifest.mappings.at(1).digest);
  };
  EXPECT_EQ(digests("1"), digests("1"));
  EXPECT_NE(digests("1").first, digests("2").first);
  EXPECT_NE(digests("1").second, digests("2").second);
  EXPECT_NE(digests("1").first, digests("1").second);
}

TEST(DeploymentModel, MayBeWrittenInNix) {
  const testing::NixStore store(testing::StoreNames::kLogical);
  const testing::TemporaryDirectory directory;
  directory.Write("deployment.nix", R"({
    infrastructure.one = { properties.hostname = "one"; };
    services.key = { name = "a"; type = "echo"; pkg = derivation {
      name = "a"; system = "x86_64-linux"; builder = "/bin/sh"; }; };
    serviceMappings = [ { service = "key"; target = "one"; container = "echo"; } ]; })");
  const auto models = ReadDeploymentModel(directory.path() / "deployment.nix", store.options());
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_THAT(models->errors, IsEmpty());
  const Service& service = models->manifest.services.at(ServiceKey("key"));
  EXPECT_THAT(service.derivation.text, HasSubstr("-a.drv"));
  EXPECT_EQ(service.system.text, "x86_64-linux");
  EXPECT_NE(models->manifest.mappings.at(0).digest, "");
  EXPECT_NE(models->manifest.targets.at(TargetName("one")).system.text, "");
}

TEST(DeploymentModel, SaysNoSystemAndGetsThatOfThisMachineOrItsTargets) {
  const testing::NixStore store(testing::StoreNames::kLogical);
  const testing::TemporaryDirectory directory;
  std::string json = Model(ServiceText("a", "") + "," + ServiceText("b", ""), LinkTo("a"));
  directory.Write("here.json", json);
  auto models = ReadDeploymentModel(directory.path() / "here.json", store.options());
  ASSERT_TRUE(models) << models.error().message;
  const SystemName here = models->manifest.targets.at(TargetName("one")).system;
  EXPECT_THAT(here.text, HasSubstr("-"));
  EXPECT_EQ(models->manifest.services.at(ServiceKey("a")).system, here);
  json.replace(json.find("\"numOfCores\""), 0, R"("system": "made-up", )");
  directory.Write("there.json", json);
  models = ReadDeploymentModel(directory.path() / "there.json", store.options());
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->manifest.services.at(ServiceKey("a")).system.text, "made-up");
}

}  // namespace
}  // namespace eris
