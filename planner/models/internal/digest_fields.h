// The digests of identity: a sequence of texts, each framed by its length, so that no two sequences
// look alike. Private to planner/models.
#pragma once

#include <string>
#include <string_view>

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

}  // namespace eris
