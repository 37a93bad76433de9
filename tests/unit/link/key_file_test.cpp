// Goal: keys survive their text and their file, and a doubtful key file is refused. Method: real
// files in a temporary directory.
#include "broker/link/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "schema/base/files.h"

namespace eris::link {
namespace {

bool SameSecret(const CurveKeys& a, const CurveKeys& b) {
  return std::ranges::equal(a.secret_key.bytes(), b.secret_key.bytes());
}

class KeyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/keys.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/key";
  }
  void TearDown() override { ASSERT_TRUE(RemoveTree(directory_)); }

  ErrorCode ReadFailure() {
    const auto keys = ReadKeyFile(path_);
    EXPECT_FALSE(keys);
    return keys ? ErrorCode::kInternal : keys.error().code;
  }
  void Overwrite(const std::string& text) { ASSERT_TRUE(WriteFileAtomically(path_, text, 0600)); }

  std::string directory_;
  std::string path_;
};

TEST(Curve, PublicKeysSurviveTheirText) {
  const CurveKeys keys = GenerateKeys().value();
  const std::string text = keys.public_key.ToText();
  EXPECT_EQ(text.size(), kKeyTextChars);
  EXPECT_EQ(PublicKey::FromText(text).value(), keys.public_key);
  EXPECT_NE(GenerateKeys().value().public_key, keys.public_key);
}

TEST(Curve, NoKeyLooksLikeAnOption) {
  constexpr int kEnough = 500;  // one in 85 would
  for (int i = 0; i < kEnough; ++i) EXPECT_NE(GenerateKeys()->public_key.ToText().front(), '-');
}

TEST(Curve, WhatIsNoKeyIsRefused) {
  const std::string text = GenerateKeys().value().public_key.ToText();
  EXPECT_FALSE(PublicKey::FromText(""));
  EXPECT_FALSE(PublicKey::FromText(text + text));
  EXPECT_FALSE(PublicKey::FromText(text.substr(1)));
  EXPECT_FALSE(PublicKey::FromText("~" + text.substr(1)));
  EXPECT_FALSE(PublicKey::FromText(std::string(kKeyTextChars, '\0')));
}

TEST(Curve, MovedFromSecretsAreWiped) {
  CurveKeys keys = GenerateKeys().value();
  const SecretKey taken = std::move(keys.secret_key);
  EXPECT_TRUE(std::ranges::all_of(keys.secret_key.bytes(), [](auto b) { return b == 0; }));
  EXPECT_FALSE(std::ranges::all_of(taken.bytes(), [](auto b) { return b == 0; }));
}

TEST_F(KeyFileTest, ComesBackAsWrittenReadableByItsOwnerAlone) {
  const CurveKeys keys = GenerateKeys().value();
  ASSERT_TRUE(WriteKeyFile(path_, keys));
  const CurveKeys read = ReadKeyFile(path_).value();
  EXPECT_EQ(read.public_key, keys.public_key);
  EXPECT_TRUE(SameSecret(read, keys));
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KeyFileTest, IsNeverReplaced) {
  ASSERT_TRUE(WriteKeyFile(path_, GenerateKeys().value()));
  const Status again = WriteKeyFile(path_, GenerateKeys().value());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
}

TEST_F(KeyFileTest, IsMadeOnceThenRead) {
  const CurveKeys first = ReadOrMakeKeyFile(path_).value();
  const CurveKeys second = ReadOrMakeKeyFile(path_).value();
  EXPECT_TRUE(SameSecret(first, second));
}

TEST_F(KeyFileTest, DoubtfulFilesAreRefused) {
  EXPECT_EQ(ReadFailure(), ErrorCode::kNotFound);
  const CurveKeys keys = GenerateKeys().value();
  ASSERT_TRUE(WriteKeyFile(path_, keys));
  const std::string good = ReadFile(path_, 4096).value();

  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const auto open_to_group = ReadKeyFile(path_);
  ASSERT_FALSE(open_to_group);
  EXPECT_EQ(open_to_group.error().fix, "chmod 600 " + path_);

  for (const std::string& bad :
       {std::string(), good + "more", good + good, good.substr(0, good.size() - 3),
        "secret " + good.substr(good.size() - 41)}) {
    Overwrite(bad);
    EXPECT_EQ(ReadFailure(), ErrorCode::kInvalid) << "of a file of " << bad.size() << " bytes";
  }
  std::string other_public = good;
  const std::string other = GenerateKeys().value().public_key.ToText();
  other_public.replace(other_public.find("public ") + 7, kKeyTextChars, other);
  Overwrite(other_public);
  EXPECT_EQ(ReadFailure(), ErrorCode::kInvalid);
  Overwrite("\n# a comment\n" + good);
  EXPECT_TRUE(ReadKeyFile(path_));
}

TEST_F(KeyFileTest, ErrorsDoNotTellTheSecret) {
  const CurveKeys keys = GenerateKeys().value();
  ASSERT_TRUE(WriteKeyFile(path_, keys));
  const std::string good = ReadFile(path_, 4096).value();
  const std::string secret = good.substr(good.find("secret ") + 7, kKeyTextChars);
  Overwrite(good + "secret " + secret);
  const auto refused = ReadKeyFile(path_);
  ASSERT_FALSE(refused);
  EXPECT_EQ((refused.error().message + refused.error().fix).find(secret), std::string::npos);
}

}  // namespace
}  // namespace eris::link
