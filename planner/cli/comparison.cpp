#include "planner/cli/comparison.h"

#include <algorithm>
#include <map>
#include <utility>

namespace eris::cli {
namespace {

using Kind = Discrepancy::Kind;

std::string SubjectOf(const Manifest& manifest, const Mapping& mapping) {
  return "service " + manifest.services.at(mapping.service).name.text + " on " +
         mapping.target.text + " in " + mapping.container.text;
}

std::map<std::string, const Mapping*> MappingsOf(const Manifest& manifest) {
  std::map<std::string, const Mapping*> mappings;
  for (const Mapping& mapping : manifest.mappings)
    mappings[SubjectOf(manifest, mapping)] = &mapping;
  return mappings;
}

std::map<std::string, const SnapshotMapping*> StatesOf(const Manifest& manifest) {
  std::map<std::string, const SnapshotMapping*> states;
  for (const SnapshotMapping& mapping : manifest.snapshot_mappings) {
    states["state of " + manifest.services.at(mapping.service).name.text + " on " +
           mapping.target.text + " in " + mapping.container.text] = &mapping;
  }
  return states;
}

std::map<std::string, const Target*> TargetsOf(const Manifest& manifest) {
  std::map<std::string, const Target*> targets;
  for (const auto& [name, target] : manifest.targets) targets["target " + name.text] = &target;
  return targets;
}

// `what_differs(base, next)`: empty when both are the same.
template <typename Value, typename WhatDiffers>
void CompareMaps(const std::map<std::string, Value>& base, const std::map<std::string, Value>& next,
                 WhatDiffers what_differs, std::vector<Discrepancy>& found) {
  for (const auto& [subject, value] : base) {
    const auto other = next.find(subject);
    if (other == next.end()) {
      found.push_back({Kind::kGone, subject, ""});
      continue;
    }
    std::string what = what_differs(*value, *other->second);
    if (!what.empty()) found.push_back({Kind::kChanged, subject, std::move(what)});
  }
  for (const auto& [subject, value] : next) {
    if (!base.contains(subject)) found.push_back({Kind::kNew, subject, ""});
  }
}

// The key covers package and interdependencies, the digest the properties.
std::string WhatDiffers(const Manifest& base, const Manifest& next, const Mapping& before,
                        const Mapping& after) {
  const StorePath& from = base.services.at(before.service).package;
  const StorePath& to = next.services.at(after.service).package;
  if (from != to) return "package " + from.text + " -> " + to.text;
  if (before.service != after.service) return "what it depends on";
  if (before.digest != after.digest) return "its properties, or those of what it depends on";
  return "";
}

}  // namespace

std::vector<Discrepancy> Compare(const Manifest& base, const Manifest& next) {
  std::vector<Discrepancy> found;
  CompareMaps(
      MappingsOf(base), MappingsOf(next),
      [&](const Mapping& before, const Mapping& after) {
        return WhatDiffers(base, next, before, after);
      },
      found);
  CompareMaps(
      StatesOf(base), StatesOf(next),
      [](const SnapshotMapping&, const SnapshotMapping&) { return std::string(); }, found);
  CompareMaps(
      TargetsOf(base), TargetsOf(next),
      [](const Target& before, const Target& after) {
        return std::string(before == after ? "" : "its description");
      },
      found);
  std::sort(found.begin(), found.end());
  return found;
}

std::string DiscrepanciesText(std::span<const Discrepancy> discrepancies) {
  if (discrepancies.empty()) return "nothing differs\n";
  std::string text;
  for (const Discrepancy& one : discrepancies) {
    switch (one.kind) {
      case Kind::kGone:
        text += "- " + one.subject + "\n";
        break;
      case Kind::kNew:
        text += "+ " + one.subject + "\n";
        break;
      case Kind::kChanged:
        text += "~ " + one.subject + ": " + one.what + "\n";
        break;
    }
  }
  return text;
}

}  // namespace eris::cli
