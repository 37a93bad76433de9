#include "planner/models/internal/model_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "schema/base/text.h"

namespace eris {
namespace {

const Property* Find(const Properties& properties, const std::string& name) {
  const auto found = std::find_if(properties.begin(), properties.end(),
                                  [&](const Property& one) { return one.name == name; });
  return found == properties.end() ? nullptr : &*found;
}

bool IsUsableName(const std::string& name) {
  constexpr std::size_t kMaxName = 200;
  return IsSafeFileName(name) && name.size() <= kMaxName &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return std::iscntrl(c) != 0; });
}

Finding BadName(const char* model, const std::string& path, const std::string& position) {
  return {model, path, position, "the name cannot be used as the name of a file",
          "use a name of at most 200 bytes without '/' and control characters"};
}

void Warn(const Properties& properties, const Finding& where, Findings& warnings) {
  for (const Property& property : properties) {
    if (property.kind != Property::Kind::kText || property.text.empty() ||
        !LooksLikePassword(property.name)) {
      continue;
    }
    warnings.push_back(
        {where.model, where.path + "." + property.name, where.position,
         "the property looks like a password in the clear",
         fmt::format("write {} = {{ _secret = \"NAME\"; }}; and keep the value in the secrets "
                     "directory of the worker",
                     property.name)});
  }
}

}  // namespace

void CheckTargets(const RawModel& model, Findings& errors) {
  std::map<std::string, TargetName> by_address;
  for (const auto& [name, raw] : model.targets) {
    const Property* address = Find(raw.target.properties, raw.target.target_property);
    if (address == nullptr) continue;
    const auto [entry, is_new] = by_address.try_emplace(address->text, name);
    if (is_new) continue;
    errors.push_back({"infrastructure",
                      fmt::format("{}.properties.{}", name.text, raw.target.target_property),
                      raw.position,
                      fmt::format("the targets '{}' and '{}' have the same address '{}'",
                                  entry->second.text, name.text, address->text),
                      "give each target an address of its own"});
  }
}

void CheckNames(const RawModel& model, Findings& errors) {
  for (const auto& [name, raw] : model.targets) {
    if (!IsUsableName(name.text)) {
      errors.push_back(BadName("infrastructure", name.text, raw.position));
    }
    for (const auto& [container, properties] : raw.target.containers) {
      if (IsUsableName(container.text)) continue;
      errors.push_back(
          BadName("infrastructure", name.text + ".containers." + container.text, raw.position));
    }
  }
  for (const auto& [name, service] : model.services) {
    if (!IsUsableName(name.text)) {
      errors.push_back(BadName("services", name.text, service.position));
    }
    if (!service.type.empty() && !IsUsableName(service.type)) {
      errors.push_back(BadName("services", name.text + ".type", service.position));
    }
    for (const RawPlace& place : service.places) {
      if (place.container.empty() || IsUsableName(place.container.text)) continue;
      errors.push_back(
          BadName("distribution", name.text + ": container " + place.container.text, {}));
    }
  }
}

void WarnOfPlainSecrets(const RawModel& model, Findings& warnings) {
  for (const auto& [name, raw] : model.targets) {
    const auto where = [&, &target = name, &position = raw.position](const std::string& path) {
      return Finding{"infrastructure", target.text + path, position, {}, {}};
    };
    Warn(raw.target.properties, where(".properties"), warnings);
    for (const auto& [container, properties] : raw.target.containers) {
      Warn(properties, where(".containers." + container.text), warnings);
    }
  }
  for (const auto& [name, service] : model.services) {
    for (const auto& [container, properties] : service.provides_containers) {
      Warn(properties,
           {"services",
            name.text + ".providesContainers." + container.text,
            service.position,
            {},
            {}},
           warnings);
    }
  }
}

}  // namespace eris
