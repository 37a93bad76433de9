// Goal: each thing that is wrong with an installation is found and has a fix, and what is right is
// left alone. Method: a directory with made-up mistakes, answers of a made-up planner.
#include "planner/cli/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "schema/base/files.h"

namespace eris::cli::doctor_test {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using Grade = Diagnosis::Grade;

constexpr std::int64_t kNoon = 1'800'000'000'000;
constexpr std::int64_t kMinute = 60'000;

auto Says(const std::string& text) { return Field(&Diagnosis::what, HasSubstr(text)); }

class DoctorFiles : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(directory_.data()), nullptr); }
  void TearDown() override { EXPECT_TRUE(RemoveTree(directory_)); }
  std::string Make(const std::string& name, mode_t mode) {
    std::string path = directory_ + "/" + name;
    EXPECT_TRUE(MakeDirectories(std::filesystem::path(path).parent_path().string(), 0700));
    EXPECT_TRUE(WriteFileAtomically(path, "x", mode));
    return path;
  }
  Diagnoses Look(std::int64_t now_ms = 0) { return CheckStateDirectory(directory_, {now_ms}); }

  std::string directory_ = ::testing::TempDir() + "eris-doctor-XXXXXX";
};

TEST_F(DoctorFiles, KeysAndDatabasesAreTheirOwnersAlone) {
  Make("planner/planner.key", 0644);
  Make("broker/broker.key", 0600);
  const Diagnoses found = Look();
  EXPECT_THAT(found, Contains(Says("planner.key can be read by others")));
  EXPECT_THAT(found, Not(Contains(Says("broker.key"))));
}

TEST_F(DoctorFiles, AJournalThatIsNoneIsBad) {
  Make("planner/journal.db", 0600);
  const Diagnoses found = Look();
  EXPECT_THAT(found, Contains(Says("journal.db")));
  EXPECT_THAT(found, Contains(Field(&Diagnosis::grade, Grade::kBad)));
}

TEST_F(DoctorFiles, ARootThatPointsToNothingIsBad) {
  Make("planner/roots/real", 0600);
  std::filesystem::create_symlink("/nowhere/at/all", directory_ + "/planner/roots/gone");
  EXPECT_THAT(Look(), Contains(Says("roots/gone points to a path that is gone")));
}

TEST_F(DoctorFiles, AnAttemptThatNobodyEndedIsToldAfterADay) {
  const std::string request = Make("targets/a/attempts/1/request", 0600);
  struct stat about {};
  ASSERT_EQ(::stat(request.c_str(), &about), 0);
  const std::int64_t made = about.st_mtim.tv_sec * 1'000;
  EXPECT_THAT(Look(made + kMinute), Not(Contains(Says("never ended"))));
  EXPECT_THAT(Look(made + 2 * 1'440 * kMinute), Contains(Says("attempts/1 was begun")));
  Make("targets/a/attempts/1/outcome", 0600);
  EXPECT_THAT(Look(made + 2 * 1'440 * kMinute), Not(Contains(Says("never ended"))));
}

TEST(DoctorNetwork, AbsentWorkersOtherVersionsAndStaleLeasesAreTold) {
  const std::vector<TargetInfo> targets = {
      {.queue = "target.a", .state = Presence::State::kConnected, .software = ERIS_VERSION},
      {.queue = "target.b", .state = Presence::State::kConnected, .software = "0.0.1"},
      {.queue = "target.c", .since = {kNoon - 10 * kMinute}},
      {.queue = "target.d", .since = {kNoon - 1'000}}};
  const std::vector<HeldTarget> held = {
      {.target = TargetName("a"), .transaction = {7}, .since = {kNoon}, .standing = "stuck"},
      {.target = TargetName("b"), .transaction = {8}, .since = {kNoon}, .standing = "switching"}};
  const Diagnoses found = CheckNetwork(targets, held, {kNoon});
  EXPECT_THAT(found, Contains(Says("2 queues are served")));
  EXPECT_THAT(found, Contains(Says("is version 0.0.1")));
  EXPECT_THAT(found, Contains(Says("target.c has no worker since")));
  EXPECT_THAT(found, Contains(Says("target a is held by transaction 7, which is stuck")));
  EXPECT_THAT(found, Not(Contains(Says("target.d"))));
  EXPECT_THAT(found, Not(Contains(Says("transaction 8"))));
  for (const Diagnosis& one : found) {
    EXPECT_EQ(one.grade == Grade::kGood, one.fix.empty()) << one.what;
  }
}

TEST(DoctorNetwork, TheTextSumsUp) {
  const Diagnoses all = {{Grade::kGood, "a", ""}, {Grade::kBad, "b", "c"}};
  EXPECT_EQ(DiagnosesText(all), "ok       a\nERROR    b\n         → c\n1 errors, 0 warnings\n");
}

}  // namespace
}  // namespace eris::cli::doctor_test
