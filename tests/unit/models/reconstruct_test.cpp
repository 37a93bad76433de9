// Goal: what targets say of themselves is enough to know what runs where. Method: manifests are
// written into profiles and read back, with what the targets would report.
#include "planner/models/reconstruct.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/models/profiles.h"
#include "tests/support/manifest_builder.h"

namespace eris::reconstruct_test {
namespace {

using ::testing::HasSubstr;

const DigestKey kDigestKey{{1, 2, 3}};

// A database with a client on another target, a service that provides a container, and one in it.
Manifest Deployed() {
  return eris::testing::MakeManifest(
      {{.name = "database", .places = {{"a"}}, .deploy_state = true},
       {.name = "api", .places = {{"b"}}, .depends_on = {"database"}},
       {.name = "tomcat", .places = {{"b"}}, .provides = {"servlets"}},
       {.name = "web", .places = {{"b", "servlets"}}, .depends_on = {"api"}, .type = "servlets"}});
}

std::map<TargetName, TargetEvidence> EvidenceOf(const Manifest& manifest) {
  std::map<TargetName, TargetEvidence> evidence;
  for (const auto& [target, ignored] : manifest.targets) {
    TargetEvidence& one = evidence[target];
    one.profile_text = ProfileText(manifest, target, kDigestKey);
    const auto profile = manifest.profiles.find(target);
    one.report.profile =
        profile == manifest.profiles.end() ? StorePath("/nix/store/profile") : profile->second.path;
    for (const Mapping& mapping : manifest.mappings) {
      if (mapping.target != target) continue;
      const Service& service = manifest.services.at(mapping.service);
      one.report.mappings.push_back(
          {service.name, mapping.service, mapping.container, mapping.digest, service.package});
    }
  }
  return evidence;
}

Manifest Reconstructed(const std::map<TargetName, TargetEvidence>& evidence) {
  const Result<Manifest> result = ReconstructManifest(evidence, Deployed().targets);
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(Manifest());
}

std::string MessageOf(const std::map<TargetName, TargetEvidence>& evidence) {
  const Result<Manifest> result = ReconstructManifest(evidence, Deployed().targets);
  return result ? "" : result.error().message;
}

TEST(Reconstruct, FindsAllButWhatProfilesDoNotCarry) {
  Manifest expected = Deployed();
  for (auto& [key, service] : expected.services) {
    service.derivation = {};
    for (auto& [container, properties] : service.provides_containers) properties.clear();
  }
  const Manifest found = Reconstructed(EvidenceOf(expected));
  EXPECT_EQ(found.services, expected.services);
  EXPECT_EQ(found.mappings, expected.mappings);
  EXPECT_EQ(found.snapshot_mappings, expected.snapshot_mappings);
  EXPECT_EQ(found.targets, expected.targets);
  EXPECT_EQ(found.profiles.size(), expected.targets.size());
}

TEST(Reconstruct, WhatIsMappedButNotActiveHasNoDigest) {
  auto evidence = EvidenceOf(Deployed());
  evidence.at(TargetName("a")).report.mappings.clear();
  for (const Mapping& mapping : Reconstructed(evidence).mappings) {
    EXPECT_EQ(mapping.digest.empty(), mapping.target.text == "a");
  }
}

TEST(Reconstruct, ATargetWithoutAProfileHasNothing) {
  std::map<TargetName, TargetEvidence> evidence;
  evidence[TargetName("a")];
  const Manifest found = Reconstructed(evidence);
  EXPECT_TRUE(found.mappings.empty());
  EXPECT_TRUE(found.profiles.empty());
}

TEST(Reconstruct, SaysWhatIsWrong) {
  auto evidence = EvidenceOf(Deployed());
  evidence.at(TargetName("a")).profile_text = "{";
  EXPECT_THAT(MessageOf(evidence), HasSubstr("the profile of a cannot be read"));
  evidence.at(TargetName("a")).profile_text = evidence.at(TargetName("b")).profile_text;
  EXPECT_THAT(MessageOf(evidence), HasSubstr("it is that of \"b\""));
  evidence = EvidenceOf(Deployed());
  evidence[TargetName("c")];
  EXPECT_THAT(MessageOf(evidence), HasSubstr("target c is not in the infrastructure"));
}

}  // namespace
}  // namespace eris::reconstruct_test
