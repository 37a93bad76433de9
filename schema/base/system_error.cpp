#include "schema/base/system_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace eris {
namespace {

ErrorCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return ErrorCode::kNotFound;
    case EEXIST:
    case EBUSY:
    case EWOULDBLOCK:
    case ENOTEMPTY:
      return ErrorCode::kConflict;
    case EACCES:
    case EPERM:
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOEXEC:
    case EROFS:
      return ErrorCode::kInvalid;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EINTR:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

}  // namespace

Error SystemError(int error_number, std::string_view doing) {
  std::string message(doing);
  message += ": ";
  message += std::strerror(error_number);
  return Error{CodeOf(error_number), std::move(message), {}};
}

tl::unexpected<Error> FailErrno(int error_number, std::string_view doing) {
  return Fail(SystemError(error_number, doing));
}

}  // namespace eris
