// Goal: a secret's name reaches only files below the secrets directory, and its value never the
// output. Method: a directory with good files, links that lead out and texts to mask.
#include "dysnomia/secrets.h"

#include <gtest/gtest.h>

#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

TEST(Secrets, AreReadBelowTheirDirectoryOnly) {
  const TestDir dir;
  dir.Write("secrets/db/password", "hunter2\n");
  dir.Write("outside", "no");
  std::filesystem::create_symlink("db/password", dir / "secrets/inside");
  std::filesystem::create_symlink("../outside", dir / "secrets/escape");
  std::filesystem::create_directory_symlink("..", dir / "secrets/up");
  const auto root = dir / "secrets";
  EXPECT_EQ(ReadSecret(root, "db/password"), "hunter2");
  EXPECT_EQ(ReadSecret(root, "inside"), "hunter2");
  for (const std::string name :
       {"escape", "up/outside", "../outside", "db", "missing", ".hidden"}) {
    EXPECT_FALSE(ReadSecret(root, name)) << name;
  }
  EXPECT_FALSE(ReadSecret("", "db/password"));
}

TEST(Secrets, AreMaskedWhereverTheyStand) {
  Masker masker;
  masker.Add("abc");
  masker.Add("abcdef");
  masker.Add("");
  masker.Add("first line\n}\nsecond line");
  EXPECT_EQ(masker.Mask("xabcdefabc abx"), "x**************** abx");
  EXPECT_EQ(masker.Mask("[first line] } [second line]"), "[********] } [********]");
  EXPECT_EQ(masker.Mask("first line\n}\nsecond line"), "********");
}

}  // namespace
}  // namespace eris::dysnomia
