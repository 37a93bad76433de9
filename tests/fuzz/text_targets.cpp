// Readers of text that people or Nix wrote: manifests, container files, configurations.
#include <map>
#include <string>

#include "dysnomia/container_file.h"
#include "planner/models/check_manifest.h"
#include "planner/models/disnix_profile.h"
#include "planner/models/manifest_json.h"
#include "planner/models/raw_model.h"
#include "schema/base/check.h"
#include "state/settings.h"
#include "tests/fuzz/targets.h"

namespace eris::fuzz {

namespace {

// As the profile of one of two targets.
void DisnixProfile(std::string_view input) {
  std::map<TargetName, DisnixEvidence> evidence;
  std::map<TargetName, eris::Target> targets;
  for (const char* name : {"test1", "test2"}) {
    targets[TargetName(name)].properties = {
        {"hostname", Property::Kind::kText, name, '"' + std::string(name) + '"'}};
  }
  evidence[TargetName("test1")] = {StorePath("/nix/store/profile"), std::string(input)};
  const Result<ManifestReading> reading = ReadDisnixProfiles(evidence, targets);
  if (!reading || !reading->findings.empty()) return;
  ERIS_CHECK(CheckManifest(reading->manifest).empty(), "what was read as good is not");
}

}  // namespace

void ManifestReader(std::string_view input) {
  static_cast<void>(ReadRawModel(input));
  DisnixProfile(input);
  const Result<Manifest> manifest = ManifestFromJson(input);
  if (!manifest) return;
  const std::string text = ManifestToJson(*manifest);
  const Result<Manifest> again = ManifestFromJson(text);
  ERIS_CHECK(again.has_value(), "a printed manifest is refused");
  ERIS_CHECK(ManifestToJson(*again) == text, "a manifest changes by being printed and read");
}

void ContainerFile(std::string_view input) {
  static_cast<void>(dysnomia::ParseAssignments(input));
  static_cast<void>(dysnomia::SplitWords(input));
}

void Configuration(std::string_view input) {
  const Result<Settings> settings = Settings::Parse(input, "fuzz.toml");
  if (!settings) return;
  constexpr std::string_view kNames[] = {"endpoint", "server_key", "key_file", "store.dir"};
  static_cast<void>(settings->RefuseOthers(kNames));
  for (const std::string_view name : kNames) {
    const Result<std::string> value = settings->String(name);
    if (!value) continue;
    const Result<Settings> again = Settings::Parse(SettingLine(name, *value), "again.toml");
    ERIS_CHECK(again.has_value(), "a written setting is refused");
    ERIS_CHECK(again->String(name) == value, "a setting changes by being written and read");
  }
}

}  // namespace eris::fuzz
