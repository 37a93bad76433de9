// The two kinds of trouble. Expected failures travel as values: Result<T> with an Error whose code
// says what the caller does next. Broken assumptions stop the process: see check.h.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace eris {

// Named by what the caller does next.
enum class ErrorCode {
  kInvalid,      // fix the input
  kNotFound,     // it does not exist
  kConflict,     // somebody else's state stands against it
  kUnavailable,  // nothing happened; retry later
  kTimeout,      // the outcome is unknown; reconcile
  kCorrupt,      // stop; a person must look
  kInternal,     // a bug, or the machine failed
};

std::string_view ToString(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one line, without a final stop: what is wrong and where
  std::string fix;      // one line: what to do about it; empty when there is nothing to say

  bool operator==(const Error&) const = default;

  // The same error seen from one layer further out: "CONTEXT: message".
  Error In(std::string_view context) &&;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string message, std::string fix = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(fix)});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace eris

// Early return of a failed Result<T> or Status: ERIS_TRY(Work()); ERIS_ASSIGN(auto x, Compute());
// NOLINTBEGIN(bugprone-macro-parentheses): the target of an assignment may be a declaration.
#define ERIS_TRY(expression)                               \
  do {                                                     \
    if (auto eris_status = (expression); !eris_status) {   \
      return ::eris::Fail(std::move(eris_status).error()); \
    }                                                      \
  } while (false)
#define ERIS_CONCAT_INNER(a, b) a##b
#define ERIS_CONCAT(a, b) ERIS_CONCAT_INNER(a, b)
#define ERIS_ASSIGN_INNER(result, target, expression)          \
  auto result = (expression);                                  \
  if (!result) return ::eris::Fail(std::move(result).error()); \
  target = std::move(*result)
#define ERIS_ASSIGN(target, expression) \
  ERIS_ASSIGN_INNER(ERIS_CONCAT(eris_result_, __LINE__), target, expression)
// NOLINTEND(bugprone-macro-parentheses)
