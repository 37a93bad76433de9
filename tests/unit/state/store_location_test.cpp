// Goal: Nix is told which store to use by its environment and by nothing else. Method: environments
// as vectors; a prepared store in a directory of the test's own.
#include "state/store_location.h"

#include <gtest/gtest.h>

#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

TEST(StoreLocation, ComesFromTheEnvironmentAndGoesBackIntoIt) {
  const std::vector<std::string> environment = {"PATH=/bin", "NIX_STORE_DIR=/a/store",
                                                "NIX_STORE_DIRECTORY=/no", "NIX_REMOTE=daemon"};
  const StoreLocation location = StoreLocationFrom(environment);
  EXPECT_EQ(location, (StoreLocation{.store_dir = "/a/store", .remote = "daemon"}));

  const std::vector<std::string> other = {"NIX_STORE_DIR=/b", "NIX_STORE_DIRECTORY=/no", "X=1"};
  EXPECT_EQ(WithStore(other, location),
            (std::vector<std::string>{"NIX_STORE_DIRECTORY=/no", "X=1", "NIX_STORE_DIR=/a/store",
                                      "NIX_REMOTE=daemon"}));
}

TEST(StoreLocation, AnOwnStoreLiesBelowItsDirectoryAndKeepsTheUsersSettings) {
  const test::TempDirectory directory;
  const StoreLocation location = OwnStoreBelow(directory / "/./nix/");
  EXPECT_EQ(location.store_dir, directory / "nix/store");
  ASSERT_TRUE(PrepareOwnStore(location));
  const std::string file = location.conf_dir + "/nix.conf";
  EXPECT_NE(ReadFile(file, 10'000)->find("substituters =\n"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(file, "sandbox = true\n", 0644));
  ASSERT_TRUE(PrepareOwnStore(location));
  EXPECT_EQ(ReadFile(file, 10'000).value(), "sandbox = true\n");
}

}  // namespace
}  // namespace eris
