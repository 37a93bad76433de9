// Turns errno into an Error. The one place that decides which system error means which ErrorCode.
#pragma once

#include <string_view>

#include "schema/base/error.h"

namespace eris {

// "DOING: No such file or directory". `doing` names the act and the object: "cannot open /etc/x".
Error SystemError(int error_number, std::string_view doing);

// The same as a failed Result: return FailErrno(errno, "cannot open " + path);
tl::unexpected<Error> FailErrno(int error_number, std::string_view doing);

}  // namespace eris
