#include "planner/models/internal/digest_fields.h"

#include <algorithm>

namespace eris {

DigestFields& DigestFields::Add(const Properties& properties) {
  Add(std::to_string(properties.size()));
  for (const Property& property : properties) {
    const bool secret = property.kind == Property::Kind::kSecret;
    Add(property.name).Add(secret ? "secret" : "value");
    Add(secret ? property.text : property.json);
  }
  return *this;
}

ServiceKey MakeServiceKey(const ServiceName& name, std::string_view type, const StorePath& package,
                          const std::vector<Interdependency>& ordered) {
  std::vector<std::string> bound;
  bound.reserve(ordered.size());
  for (const Interdependency& link : ordered) {
    bound.push_back(DigestFields()
                        .Add(link.service.text)
                        .Add(link.target.text)
                        .Add(link.container.text)
                        .Finish());
  }
  std::sort(bound.begin(), bound.end());  // by content, not by position in a model
  DigestFields fields;
  fields.Add("service").Add(name.text).Add(type);
  fields.Add(package.text).Add(std::to_string(bound.size()));
  for (const std::string& one : bound) fields.Add(one);
  return ServiceKey(fields.Finish());
}

}  // namespace eris
