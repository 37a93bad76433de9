// Goal: a key may do what its file says, and a wrong or missing file grants nothing. Method:
// keyrings in a directory of the test's own, written by the functions under test and by hand.
#include "state/keyring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

const std::string kAlice = std::string(39, 'a') + "!";
const std::string kBob(40, 'b');

AuthorizedKey Client(const std::string& name, const std::string& public_key) {
  return {public_key,
          {.name = name,
           .role = Role::kClient,
           .level = KeyLevel::kDeploy,
           .profiles = {"default", "te\"st"},
           .targets = {"*"}}};
}
AuthorizedKey Worker(const std::string& name, const std::string& public_key) {
  return {public_key,
          {.name = name, .role = Role::kWorker, .queues = {"target.db", "builder.x86_64-linux"}}};
}

class KeyringTest : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(MakeDirectories(keys_, 0700));
    ASSERT_TRUE(WriteFileAtomically(keys_ + "/" + name, text, 0600));
  }

  test::TempDirectory directory_;
  std::string keys_ = directory_ / "keys";
};

TEST_F(KeyringTest, GivesBackWhatWasAuthorised) {
  const std::vector<AuthorizedKey> keys = {Client("alice", kAlice), Worker("db", kBob)};
  for (const AuthorizedKey& key : keys) ASSERT_TRUE(Authorize(keys_, key));
  const Keyring keyring = Keyring::Load(keys_).value();
  EXPECT_TRUE(keyring.problems().empty());
  EXPECT_EQ(keyring.List(), keys);
  ASSERT_NE(keyring.Find(kAlice), nullptr);
  EXPECT_EQ(*keyring.Find(kAlice), keys[0].grant);
  EXPECT_EQ(keyring.Find(std::string(40, 'c')), nullptr);
  struct stat info {};
  ASSERT_EQ(::stat((keys_ + "/alice.toml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(KeyringTest, AnAbsentDirectoryAdmitsNobody) {
  EXPECT_TRUE(Keyring::Load(keys_)->List().empty());
}

TEST_F(KeyringTest, RefusesASecondKeyOfOneNameAndASecondNameOfOneKey) {
  ASSERT_TRUE(Authorize(keys_, Client("alice", kAlice)));
  EXPECT_EQ(Authorize(keys_, Client("alice", kBob)).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Authorize(keys_, Worker("bob", kAlice)).error().code, ErrorCode::kConflict);
  EXPECT_EQ(Keyring::Load(keys_)->List().size(), 1U);
}

TEST_F(KeyringTest, RefusesGrantsThatMakeNoSense) {
  for (const char* name : {"", "../alice", ".hidden", "a/b"}) {
    EXPECT_EQ(Authorize(keys_, Client(name, kAlice)).error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_FALSE(Authorize(keys_, Client("alice", std::string(39, 'a'))));
  EXPECT_FALSE(Authorize(keys_, Client("alice", std::string(39, 'a') + "\"")));
  AuthorizedKey idle = Worker("db", kBob);
  idle.grant.queues.clear();
  EXPECT_FALSE(Authorize(keys_, idle));
  idle.grant.queues = {"somewhere"};
  EXPECT_FALSE(Authorize(keys_, idle));
  AuthorizedKey powerless = Client("alice", kAlice);
  powerless.grant.level = KeyLevel::kNone;
  EXPECT_FALSE(Authorize(keys_, powerless));
}

TEST_F(KeyringTest, AWrongFileGrantsNothingAndIsReported) {
  ASSERT_TRUE(Authorize(keys_, Client("alice", kAlice)));
  Write("broken.toml", "public_key = ");
  Write("misspelt.toml", "public_key = \"" + kBob + "\"\nrole = \"planner\"\nlevl = \"admin\"\n");
  Write("role.toml", "public_key = \"" + kBob + "\"\nrole = \"king\"\n");
  Write("twin.toml", "public_key = \"" + kAlice + "\"\nrole = \"planner\"\n");
  Write("README", "not a key");
  const Keyring keyring = Keyring::Load(keys_).value();
  EXPECT_EQ(keyring.problems().size(), 4U);
  EXPECT_EQ(keyring.List(), std::vector{Client("alice", kAlice)});
  EXPECT_EQ(keyring.Find(kBob), nullptr);
  EXPECT_NE(keyring.problems()[1].message.find("levl"), std::string::npos)
      << keyring.problems()[1].message;
}

TEST_F(KeyringTest, SeesEveryChangeOfTheDirectory) {
  Keyring keyring = Keyring::Load(keys_).value();
  EXPECT_EQ(keyring.ReloadIfChanged().value(), Keyring::Reload::kUnchanged);
  ASSERT_TRUE(Authorize(keys_, Client("alice", kAlice)));
  EXPECT_EQ(keyring.ReloadIfChanged().value(), Keyring::Reload::kChanged);
  EXPECT_NE(keyring.Find(kAlice), nullptr);
  EXPECT_EQ(keyring.ReloadIfChanged().value(), Keyring::Reload::kUnchanged);

  Write("alice.toml", "public_key = \"" + kAlice + "\"\nrole = \"client\"\nlevel = \"read\"\n");
  EXPECT_EQ(keyring.ReloadIfChanged().value(), Keyring::Reload::kChanged);
  EXPECT_EQ(keyring.Find(kAlice)->level, KeyLevel::kRead);

  ASSERT_TRUE(Revoke(keys_, "alice"));
  EXPECT_EQ(keyring.ReloadIfChanged().value(), Keyring::Reload::kChanged);
  EXPECT_EQ(keyring.Find(kAlice), nullptr);
  EXPECT_EQ(Revoke(keys_, "alice").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Revoke(keys_, "../alice").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace eris
