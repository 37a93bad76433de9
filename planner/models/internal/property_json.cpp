#include "planner/models/internal/property_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace eris {
namespace {

using Json = nlohmann::json;
constexpr const char* kSecretMember = "_secret";

bool IsSafeSecretName(std::string_view name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

// Environment form of one scalar, as Disnix converts it.
std::string ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "1" : "";
  if (value.is_null() || value.is_structured()) return "";
  return value.dump();
}

std::string ListText(const Json& list) {
  std::string text;
  for (const Json& element : list) {
    if (element.is_structured()) continue;
    if (!text.empty()) text += ' ';
    text += ScalarText(element);
  }
  return text;
}

// Why a value cannot be a property; empty when it can.
Finding Judge(const std::string& name, const Json& value) {
  Finding finding;
  if (name.empty() || name.find('=') != std::string::npos) {
    finding.message = "the name of a property is empty or contains '='";
    finding.fix = "rename the property: it becomes an environment variable";
  } else if (value.is_object() && value.contains(kSecretMember)) {
    const Json& secret = value.at(kSecretMember);
    if (value.size() != 1 || !secret.is_string() || !IsSafeSecretName(secret.get<std::string>())) {
      finding.message = "the reference to a secret is malformed";
      finding.fix = "write { _secret = \"NAME\"; } with letters, digits, '-', '_' and '.' only";
    }
  } else if (value.is_array() && std::any_of(value.begin(), value.end(), [](const Json& element) {
               return element.is_object() && element.contains(kSecretMember);
             })) {
    finding.message = "a secret is part of a list";
    finding.fix = "make the secret a property of its own";
  }
  return finding;
}

Property MakeProperty(const std::string& name, const Json& value) {
  Property property{name, Property::Kind::kText, {}, value.dump()};
  if (value.is_object()) {
    const bool secret = value.contains(kSecretMember);
    property.kind = secret ? Property::Kind::kSecret : Property::Kind::kStructured;
    if (secret) property.text = value.at(kSecretMember).get<std::string>();
  } else {
    property.text = value.is_array() ? ListText(value) : ScalarText(value);
  }
  return property;
}

}  // namespace

Properties ReadProperties(const Json& object, const Finding& where, Findings& findings) {
  Properties properties;
  if (!object.is_object()) return properties;
  for (const auto& [name, value] : object.items()) {
    Finding finding = Judge(name, value);
    if (finding.message.empty()) {
      properties.push_back(MakeProperty(name, value));
      continue;
    }
    finding.model = where.model;
    finding.path = where.path + "." + name;
    finding.position = where.position;
    findings.push_back(std::move(finding));
  }
  return properties;
}

Json PropertiesToJson(const Properties& properties) {
  Json object = Json::object();
  for (const Property& property : properties) {
    constexpr bool kMayThrow = false;
    Json value = Json::parse(property.json, nullptr, kMayThrow);
    object[property.name] = value.is_discarded() ? Json(property.text) : std::move(value);
  }
  return object;
}

}  // namespace eris
