// The digests and keys of identity: a sequence of texts, each framed by its length, so that no two
// sequences look alike. Private to planner/models.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/base/digest.h"
#include "schema/values/manifest.h"

namespace eris {

class DigestFields {
 public:
  DigestFields& Add(std::string_view text) {
    hasher_.Update(std::to_string(text.size()));
    hasher_.Update(":");
    hasher_.Update(text);
    return *this;
  }
  // What activities are given; secrets count by name.
  DigestFields& Add(const Properties& properties);
  std::string Finish() { return Hex(hasher_.Finish()); }

 private:
  Sha256Hasher hasher_;
};

// The key of a service (identity.h). `ordered`: its dependsOn and activatesAfter, in any order,
// without duplicates.
ServiceKey MakeServiceKey(const ServiceName& name, std::string_view type, const StorePath& package,
                          const std::vector<Interdependency>& ordered);

}  // namespace eris
