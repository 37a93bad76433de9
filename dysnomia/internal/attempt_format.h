// The files `request` and `outcome` of an attempt as bytes. Pure; attempt.h says what they mean.
#pragma once

#include <string>
#include <string_view>

#include "dysnomia/attempt.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

// kInvalid: says which limit or rule the request breaks.
Status CheckRequest(const AttemptRequest& request);

std::string EncodeRequest(const AttemptRequest& request);
Result<AttemptRequest> DecodeRequest(std::string_view text);

// An outcome says whose it is: attempts have their directories one after the other.
struct NamedOutcome {
  std::string attempt;  // name of the directory
  AttemptOutcome outcome;
};
std::string EncodeOutcome(const NamedOutcome& named);
Result<NamedOutcome> DecodeOutcome(std::string_view text);

}  // namespace eris::dysnomia
