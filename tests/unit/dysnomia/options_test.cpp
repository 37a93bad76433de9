// Goal: Dysnomia's command line is understood as Dysnomia does. Method: argument lists.
#include "dysnomia/options.h"

#include <gtest/gtest.h>

namespace eris::dysnomia {
namespace {

TEST(Options, TakeShortLongAndJoinedForms) {
  const auto a = ParseOptions({"-o", "activate", "-c", "/c", "-C", "mysql"});
  const auto b = ParseOptions({"--operation=activate", "--component", "/c", "-Cmysql"});
  ASSERT_TRUE(a && b);
  for (const auto& options : {*a, *b}) {
    EXPECT_EQ(options.operation, ActivityKind::kActivate);
    EXPECT_EQ(options.component, "/c");
    EXPECT_EQ(options.container, "mysql");
  }
}

TEST(Options, ContainerDefaultsToTheTypeWithEnvironment) {
  EXPECT_FALSE(ParseOptions({"-Eto", "process"})) << "the rest of a bundle is the value of -t";
  const auto plain = ParseOptions({"-E", "-t", "process", "-o", "collect-garbage", "-c", "./x"});
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->container, "process");
  EXPECT_EQ(plain->operation, ActivityKind::kDeleteState);
}

TEST(Options, RefusesWhatIsMissingOrStrange) {
  EXPECT_FALSE(ParseOptions({}));
  EXPECT_FALSE(ParseOptions({"-o", "activate", "-c", "/c"}));
  EXPECT_FALSE(ParseOptions({"-o", "activate", "-c", "/c", "-E"}));
  EXPECT_FALSE(ParseOptions({"-o", "explode", "-c", "/c", "-C", "x"}));
  EXPECT_FALSE(ParseOptions({"-o", "activate", "-c", "/c", "-C"}));
  EXPECT_FALSE(ParseOptions({"--attempter=x"}));
  EXPECT_FALSE(ParseOptions({"--help=x"}));
  EXPECT_EQ(ParseOptions({"-h"})->mode, Mode::kHelp);
  EXPECT_EQ(ParseOptions({"--attempt", "/d"})->attempt, "/d");
  EXPECT_EQ(ParseOptions({"--attempts=/d"})->mode, Mode::kAttempts);
}

}  // namespace
}  // namespace eris::dysnomia
