// Goal: errors keep their code and gain context on the way out. Method: values only.
#include "schema/base/error.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

Status Inner() { return Fail(ErrorCode::kNotFound, "no such file", "create it"); }
Result<int> Outer() {
  ERIS_TRY(Inner());
  return 1;
}

TEST(Error, TravelsThroughLayersWithCodeAndFix) {
  const Result<int> result = Outer();
  ASSERT_FALSE(result.has_value());
  const Error wrapped = Error(result.error()).In("reading a.nix");
  EXPECT_EQ(wrapped, (Error{ErrorCode::kNotFound, "reading a.nix: no such file", "create it"}));
}

}  // namespace
}  // namespace eris
