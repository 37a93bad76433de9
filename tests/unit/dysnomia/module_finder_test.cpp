// Goal: a type names the module that the header promises, with the activities it declares. Method:
// folders of small scripts.
#include "dysnomia/module_finder.h"

#include <gtest/gtest.h>

#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

TEST(ModuleFinder, UsersModulesOverrideBuiltInOnes) {
  const TestDir dir;
  const auto mine = dir.Script("second/echo", "exit 0\n");
  dir.Write("first/echo", "not executable");
  const auto found = FindModule("echo", {dir / "first", dir / "second"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->path, mine);
  const auto built_in = FindModule("echo", {dir / "first"});
  ASSERT_TRUE(built_in);
  EXPECT_TRUE(built_in->IsBuiltIn());
}

TEST(ModuleFinder, TakesPathsAndPackages) {
  const TestDir dir;
  const auto module = dir.Script("package/libexec/dysnomia/db", "exit 0\n");
  dir.Write("package/libexec/dysnomia/db.activities", "activate\n");
  EXPECT_EQ(FindModule(module.string(), {})->path, module);
  EXPECT_EQ(FindModule((dir / "package").string(), {})->path, module);
  dir.Script("package/libexec/dysnomia/other", "exit 0\n");
  EXPECT_FALSE(FindModule((dir / "package").string(), {}));
  EXPECT_FALSE(FindModule((dir / "missing").string(), {}));
  for (const std::string type : {"", "..", "a/b", "nothing"}) EXPECT_FALSE(FindModule(type, {}));
}

TEST(ModuleFinder, ForeignModulesAreAskedForStatusOnlyWhenTheyDeclareIt) {
  const TestDir dir;
  dir.Script("m", "exit 0\n");
  EXPECT_EQ(FindModule("m", {dir.path()})->activities, AllActivitiesBut(ActivityKind::kStatus));
  dir.Write("m.activities", "activate deactivate # the least\nstatus\n");
  const auto activities = FindModule("m", {dir.path()})->activities;
  EXPECT_TRUE(activities.Contains(ActivityKind::kStatus));
  EXPECT_FALSE(activities.Contains(ActivityKind::kLock));
  dir.Write("m.activities", "fly\n");
  EXPECT_FALSE(FindModule("m", {dir.path()}));
}

}  // namespace
}  // namespace eris::dysnomia
