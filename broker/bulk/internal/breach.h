// A peer that does not keep to the protocol of bulk transfers: its stream ends with this error.
#pragma once

#include <string>

#include "schema/base/error.h"

namespace eris::bulk {

inline tl::unexpected<Error> Breach(const std::string& what) {
  return Fail(ErrorCode::kInvalid, "bulk transfer: " + what);
}

}  // namespace eris::bulk
