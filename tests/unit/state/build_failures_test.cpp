// Goal: of a batch of builds people are told which derivations failed by themselves, why, and how
// their logs end. Method: what Nix 2.8 and a newer one print, with dependents, many failures and
// lines that are none.
#include "state/build_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eris {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kBad = "/nix/store/v5lw4c1lsjgxaz4yxj5nfj5w85089mbc-bad.drv";
constexpr const char* kOdd = "/nix/store/709mmx4kmxrglvkswrkym6v665zcp90w-odd.drv";

TEST(BuildFailures, AreThoseThatFailedThemselves) {
  const std::string text = std::string("error: builder for '") + kBad +
                           "' failed with exit code 3;\n"
                           "       last 2 log lines:\n"
                           "       > compiling\n"
                           "       > error: no such file\n"
                           "       For full logs, run 'nix log " +
                           kBad +
                           "'.\n"
                           "error: 1 dependencies of derivation '/nix/store/8-dep.drv' failed to "
                           "build\n"
                           "error: a 'made-up' with features {} is required to build '" +
                           kOdd + "', but I am a 'x86_64-linux'\n" + "error: build of '" + kBad +
                           "', '" + kOdd + "' failed\n";
  EXPECT_THAT(
      ParseBuildFailures(text),
      ElementsAre(
          BuildFailure{
              StorePath(kBad), "failed with exit code 3", {"compiling", "error: no such file"}},
          BuildFailure{StorePath(kOdd),
                       std::string("a 'made-up' with features {} is required to build '") + kOdd +
                           "', but I am a 'x86_64-linux'",
                       {}}));
}

TEST(BuildFailures, AreReadFromANewerNix) {
  const std::string text = std::string("error: Cannot build '") + kBad +
                           "'.\n       Reason: builder failed with exit code 1.\n"
                           "       Last 1 log lines:\n       > no good\n"
                           "error: Cannot build '/nix/store/8-dep.drv'.\n"
                           "       Reason: 1 dependency failed.\n       > not a log of bad\n";
  EXPECT_THAT(
      ParseBuildFailures(text),
      ElementsAre(BuildFailure{StorePath(kBad), "builder failed with exit code 1", {"no good"}}));
}

TEST(BuildFailures, AreNoneWhereNixSaysSomethingElse) {
  EXPECT_THAT(ParseBuildFailures("error: cannot open connection to the daemon\n> x\n"), IsEmpty());
  EXPECT_EQ(NameBuildFailures({}), "");
  EXPECT_EQ(LogOfBuildFailures({}), "");
}

TEST(BuildFailures, AreToldBrieflyWhenThereAreMany) {
  std::vector<BuildFailure> failures;
  for (char name = 'a'; name <= 'g'; ++name) {
    failures.push_back(
        {StorePath("/nix/store/00000000000000000000000000000000-" + std::string(1, name) + ".drv"),
         "failed", std::vector<std::string>(20, std::string(5000, name))});
  }
  EXPECT_EQ(
      NameBuildFailures(failures),
      "a.drv: failed; b.drv: failed; c.drv: failed; d.drv: failed; e.drv: failed; and 2 more");
  const std::string log = LogOfBuildFailures(failures);
  EXPECT_THAT(log, HasSubstr("-e.drv failed\n  eee"));
  EXPECT_LT(log.size(), 8U << 10) << "what an outcome may carry";
}

}  // namespace
}  // namespace eris
