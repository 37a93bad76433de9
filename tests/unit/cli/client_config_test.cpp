// Goal: the command line beats the environment, which beats client.toml; what is missing is told
// with what to do. Method: real files in a temporary directory.
#include "planner/cli/client_config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "broker/link/key_file.h"
#include "schema/base/files.h"

namespace eris::cli {
namespace {

class ClientConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/eris-client-config-XXXXXX";
    ASSERT_NE(::mkdtemp(path), nullptr);
    directory_ = path;
    ASSERT_TRUE(link::WriteKeyFile(directory_ + "/client.key", link::GenerateKeys().value()));
    server_key_ = link::GenerateKeys().value().public_key.ToText();
  }
  void TearDown() override { ASSERT_TRUE(RemoveTree(directory_)); }

  ClientSettings Write(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(directory_ + "/client.toml", text, 0600));
    auto settings = LoadClientSettings(directory_);
    EXPECT_TRUE(settings) << settings.error().message;
    return settings.value_or(ClientSettings{});
  }

  std::string directory_;
  std::string server_key_;
};

TEST_F(ClientConfigTest, TheFileIsEnough) {
  const ClientSettings settings =
      Write("endpoint = \"tcp://a:1\"\nkey_file = \"client.key\"\nserver_key = '" + server_key_ +
            "'\n[store]\ndir = \"/own/store\"\nremote = \"local\"\n");
  EXPECT_EQ(settings.key_file, directory_ + "/client.key") << "relative to the file";
  EXPECT_EQ(settings.store,
            (std::vector<std::string>{"NIX_STORE_DIR=/own/store", "NIX_REMOTE=local"}));
  const auto broker = ResolveBroker({}, {}, settings);
  ASSERT_TRUE(broker) << broker.error().message;
  EXPECT_EQ(broker->endpoint, "tcp://a:1");
  EXPECT_EQ(broker->server_key.ToText(), server_key_);
}

TEST_F(ClientConfigTest, ArgumentsBeatEnvironmentBeatsFile) {
  const ClientSettings settings = Write("endpoint = \"tcp://a:1\"\nkey_file = \"client.key\"\n");
  Surroundings surroundings = SurroundingsFrom(
      {"ERIS_ENDPOINT=tcp://b:1", "ERIS_SERVER_KEY=" + server_key_, "ERIS_CONFIG_DIR="});
  EXPECT_EQ(surroundings.config_dir, "/etc/eris") << "an empty variable says nothing";
  EXPECT_EQ(ResolveBroker({}, surroundings, settings)->endpoint, "tcp://b:1");
  EXPECT_EQ(ResolveBroker({.endpoint = "tcp://c:1"}, surroundings, settings)->endpoint,
            "tcp://c:1");
}

TEST_F(ClientConfigTest, NothingConfiguredSaysWhatToDo) {
  const auto settings = LoadClientSettings(directory_ + "/nowhere");
  ASSERT_TRUE(settings);
  const auto broker = ResolveBroker({}, {}, *settings);
  ASSERT_FALSE(broker);
  EXPECT_NE(broker.error().message.find("nowhere/client.toml"), std::string::npos);
  EXPECT_NE(broker.error().fix.find("ERIS_CONFIG_DIR"), std::string::npos);
  EXPECT_FALSE(ReadDigestKey(*settings));
}

TEST_F(ClientConfigTest, MisspeltSettingsAreRefused) {
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/client.toml", "endpiont = \"x\"\n", 0600));
  EXPECT_FALSE(LoadClientSettings(directory_));
}

TEST_F(ClientConfigTest, DigestKeysAreHexAndLongEnough) {
  const ClientSettings settings = Write("digest_key_file = \"digest.key\"\n");
  ASSERT_TRUE(WriteFileAtomically(settings.digest_key_file, std::string(64, 'a') + "\n", 0600));
  EXPECT_EQ(ReadDigestKey(settings)->size(), 32u);
  ASSERT_TRUE(WriteFileAtomically(settings.digest_key_file, "aa\n", 0600));
  EXPECT_FALSE(ReadDigestKey(settings));
}

}  // namespace
}  // namespace eris::cli
