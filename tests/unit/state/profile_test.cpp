// Goal: a profile stays in its directory, whatever its name. Method: names from outside that would
// leave it.
#include "state/profile.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace eris {
namespace {

TEST(Profile, RefusesNamesThatLeaveItsDirectory) {
  const auto directory = std::filesystem::path(testing::TempDir()) / "profiles";
  for (const char* name : {"../outside", "..", ".", "", "a/b", "/etc/passwd"}) {
    const Profile profile(directory.string(), name);
    EXPECT_EQ(profile.Current().error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(profile.Next(StorePath("/nix/store/x")).error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(profile.Activate("link").error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(profile.Remove().error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(profile.DeleteOldGenerations(0).error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace eris
