#include "planner/models/internal/digest_fields.h"

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

}  // namespace eris
