// Goal: text helpers keep what they promise at the edges. Method: examples.
#include "schema/base/text.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string_view>{""});
  EXPECT_EQ(Split(",", ','), (std::vector<std::string_view>{"", ""}));
}

TEST(Join, IsTheInverseOfSplit) {
  const std::vector<std::string> parts{"a", "", "b"};
  EXPECT_EQ(Join(parts, ", "), "a, , b");
  EXPECT_EQ(Join({}, ","), "");
}

TEST(Trim, RemovesBlanksAtBothEndsOnly) {
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(IsSafeFileName, RefusesWhatLeavesTheDirectory) {
  using namespace std::string_view_literals;
  for (const std::string_view bad : {""sv, "."sv, ".."sv, "a/b"sv, "/"sv, "a\0b"sv}) {
    EXPECT_FALSE(IsSafeFileName(bad)) << bad;
  }
  EXPECT_FALSE(IsSafeFileName(std::string(256, 'a')));
  for (const std::string_view good : {"a"sv, "..."sv, ".a"sv, "a b"sv, "-x"sv}) {
    EXPECT_TRUE(IsSafeFileName(good)) << good;
  }
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(Printable("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(Printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(Printable("\x1b[2Jx\x7f\r"), "?[2Jx??");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(Printable("\xff\xc3"), "??");
  EXPECT_EQ(Printable(""), "");
}

TEST(ParseUnsigned, TakesWholeNumbersOnly) {
  EXPECT_EQ(ParseUnsigned("18446744073709551615").value(), 18446744073709551615U);
  for (const std::string_view bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseUnsigned(bad)) << bad;
  }
}

}  // namespace
}  // namespace eris
