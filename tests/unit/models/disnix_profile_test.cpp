// Goal: what Disnix has deployed is known as what the same models are in Eris, so that it is not
// deployed again; what cannot be read is one line. Method: manifests made from models are written
// as Disnix writes its profiles, with keys of its own, and read back.
#include "planner/models/disnix_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/build_manifest.h"
#include "tests/unit/models/raw_models.h"

namespace eris {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ModelBuilder;
using testing::TextProperty;

std::string Element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + text + "</" + name + ">";
}

// As Disnix' own keys: any text that tells services apart.
std::string DisnixKey(const ServiceKey& key) { return "disnix-" + key.text; }

// One profile, as Disnix says it: what is on the target itself is said without its name.
class DisnixWriter {
 public:
  DisnixWriter(const Manifest& manifest, TargetName target)
      : manifest_(manifest), target_(std::move(target)) {}

  std::string Write() const {
    std::string services;
    std::string mappings;
    for (const Mapping& mapping : manifest_.mappings) {
      if (mapping.target != target_) continue;
      services += ServiceText(mapping.service);
      std::string provider;
      if (mapping.provided_by) {
        provider = Element("containerProvidedByService", DisnixKey(*mapping.provided_by));
      }
      mappings += Element("mapping", Element("container", mapping.container.text) + provider +
                                         Element("service", DisnixKey(mapping.service)));
    }
    std::string snapshots;
    for (const SnapshotMapping& mapping : manifest_.snapshot_mappings) {
      if (mapping.target != target_) continue;
      snapshots += Element("mapping", Element("component", mapping.component.text) +
                                          Element("container", mapping.container.text) +
                                          Element("service", DisnixKey(mapping.service)));
    }
    return "<?xml version=\"1.0\"?>\n<profilemanifest version=\"2\">" +
           Element("services", services) + Element("serviceMappings", mappings) +
           Element("snapshotMappings", snapshots) + "</profilemanifest>\n";
  }

 private:
  std::string Links(const std::vector<Interdependency>& links) const {
    std::string text;
    for (const Interdependency& link : links) {
      text += Element("mapping",
                      Element("container", link.container.text) +
                          Element("service", DisnixKey(link.service)) +
                          (link.target == target_ ? "" : Element("target", link.target.text)));
    }
    return text;
  }

  std::string ServiceText(const ServiceKey& key) const {
    const Service& service = manifest_.services.at(key);
    std::vector<Interdependency> ordered = service.depends_on;
    ordered.insert(ordered.end(), service.activates_after.begin(), service.activates_after.end());
    // Disnix puts the provider of each of its containers among them.
    for (const Mapping& mapping : manifest_.mappings) {
      if (mapping.service != key || !mapping.provided_by) continue;
      ordered.push_back({*mapping.provided_by, mapping.target, ContainerName("echo")});
    }
    std::string containers;
    for (const auto& [name, properties] : service.provides_containers) {
      std::string text;
      for (const Property& one : properties) {
        text += "<property name=\"" + one.name + "\" type=\"" +
                (one.json.starts_with('"') ? "string" : "int") + "\">" + one.text + "</property>";
      }
      containers += "<container name=\"" + name.text + "\" type=\"attrs\">" + text + "</container>";
    }
    return "<service name=\"" + DisnixKey(key) + "\">" + Element("name", service.name.text) +
           Element("pkg", service.package.text) + Element("type", service.type) +
           Element("dependsOn", Links(ordered)) +
           Element("connectsTo", Links(service.connects_to)) +
           Element("providesContainers", containers) + "</service>";
  }

  const Manifest& manifest_;
  TargetName target_;
};

// A database with state, an API on two targets that needs it, a web front end in a container that
// a service provides, and another service after all of them.
Manifest Deployed() {
  ModelBuilder builder = testing::ThreeTiers();
  builder.Container("one", TextProperty("port", "1 &amp; 2"));
  builder.At("data").deploy_state = true;
  builder.Service("tomcat", {"two"});
  builder.At("tomcat").provides_containers[ContainerName("servlets")] = {
      TextProperty("base", "/var"), {"port", Property::Kind::kText, "8080", "8080"}};
  builder.At("web").places = {{TargetName("two"), ContainerName("servlets")}};
  builder.At("aside").activates_after.push_back({"web", ServiceName("web"), {}, {}});
  return BuildManifest(builder.model(), MakeInstances(builder.model()));
}

std::map<TargetName, DisnixEvidence> EvidenceIn(const Manifest& manifest) {
  std::map<TargetName, DisnixEvidence> evidence;
  for (const auto& [target, ignored] : manifest.targets) {
    evidence[target] = {StorePath("/nix/store/profile-of-" + target.text),
                        DisnixWriter(manifest, target).Write()};
  }
  return evidence;
}

// Of target one, instead of what it says.
std::string MessageFor(const std::string& text) {
  auto evidence = EvidenceIn(Deployed());
  evidence[TargetName("one")].text = text;
  const auto reading = ReadDisnixProfiles(evidence, Deployed().targets);
  return reading ? "" : reading.error().message;
}

TEST(DisnixProfile, WhatIsDeployedHasTheIdentityThatItsModelsHave) {
  const Manifest expected = Deployed();
  const auto reading = ReadDisnixProfiles(EvidenceIn(expected), expected.targets);
  ASSERT_TRUE(reading) << reading.error().message;
  ASSERT_THAT(reading->findings, IsEmpty());
  const Manifest& found = reading->manifest;
  EXPECT_EQ(found.mappings, expected.mappings);  // keys, providers and digests
  EXPECT_EQ(found.snapshot_mappings, expected.snapshot_mappings);
  EXPECT_EQ(found.targets, expected.targets);
  ASSERT_EQ(found.services.size(), expected.services.size());
  for (const auto& [key, service] : expected.services) {
    const Service& other = found.services.at(key);
    EXPECT_EQ(other.name, service.name);
    EXPECT_EQ(other.package, service.package);
    EXPECT_EQ(other.system, service.system);
    EXPECT_EQ(other.deploy_state, service.deploy_state);
    EXPECT_EQ(other.connects_to, service.connects_to);
    EXPECT_EQ(other.provides_containers, service.provides_containers);
  }
  EXPECT_EQ(found.profiles.at(TargetName("two")).path.text, "/nix/store/profile-of-two");
}

TEST(DisnixProfile, APropertyThatTheInfrastructureHasOtherwiseIsAnotherMapping) {
  const Manifest expected = Deployed();
  auto targets = expected.targets;
  targets.at(TargetName("one")).containers[ContainerName("echo")] = {TextProperty("port", "3")};
  const auto reading = ReadDisnixProfiles(EvidenceIn(expected), targets);
  ASSERT_TRUE(reading);
  EXPECT_NE(reading->manifest.mappings, expected.mappings);
}

TEST(DisnixProfile, WhatCannotBeReadIsOneLineThatNamesTheTarget) {
  EXPECT_THAT(MessageFor("<profilemanifest version=\"2\"><services>"), HasSubstr("on one cannot"));
  EXPECT_THAT(MessageFor("<profilemanifest version=\"2\"><services>"), HasSubstr("at byte"));
  EXPECT_THAT(MessageFor(""), HasSubstr("on one cannot"));
  EXPECT_THAT(MessageFor("<manifest version=\"2\"/>"), HasSubstr("no profile manifest"));
  EXPECT_THAT(MessageFor("<profilemanifest version=\"1\"/>"), HasSubstr("version is '1'"));
  const std::string head = "<profilemanifest version=\"2\"><services>";
  EXPECT_THAT(MessageFor(head + "<service><name>x</name></service></services></profilemanifest>"),
              HasSubstr("a service without a key"));
  EXPECT_THAT(MessageFor(head + "<service name=\"k\"><name>x</name></service></services>"
                                "</profilemanifest>"),
              HasSubstr("service without type"));
}

TEST(DisnixProfile, ProfilesThatDisagreeAboutAServiceAreRefused) {
  auto evidence = EvidenceIn(Deployed());
  std::string& text = evidence[TargetName("two")].text;
  const std::string path = "-api</pkg>";
  text.replace(text.find(path), path.size(), "-other</pkg>");
  const auto reading = ReadDisnixProfiles(evidence, Deployed().targets);
  ASSERT_FALSE(reading);
  EXPECT_THAT(reading.error().message, HasSubstr("something else of service api"));
}

TEST(DisnixProfile, WhatRefersToAServiceThatNoTargetHasIsAFinding) {
  auto evidence = EvidenceIn(Deployed());
  evidence.erase(TargetName("one"));
  const auto reading = ReadDisnixProfiles(evidence, Deployed().targets);
  ASSERT_TRUE(reading);
  std::string all;
  for (const Finding& finding : reading->findings) all += ToString(finding) + "\n";
  EXPECT_THAT(all, HasSubstr("is unknown"));
}

TEST(DisnixProfile, NestingIsBounded) {
  std::string value = "1";
  for (int i = 0; i < 10'000; ++i) value = "<elem type=\"list\">" + value + "</elem>";
  const std::string text =
      "<profilemanifest version=\"2\"><services><service name=\"k\"><name>x</name><pkg>/nix/store/"
      "00000000000000000000000000000000-x</pkg><type>echo</type><providesContainers><container "
      "name=\"c\"><property name=\"p\" type=\"list\">" +
      value + "</property></container></providesContainers></service></services></profilemanifest>";
  std::map<TargetName, DisnixEvidence> evidence;
  evidence[TargetName("one")].text = text;
  EXPECT_TRUE(ReadDisnixProfiles(evidence, Deployed().targets));
}

}  // namespace
}  // namespace eris
