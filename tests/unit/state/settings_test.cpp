// Goal: settings say exactly what is wrong with a file. Method: small TOML texts.
#include "state/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace eris {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Settings, ReadsFlatKeysOfTables) {
  const Settings settings =
      Settings::Parse("a = \"x\"\n[b]\nc = 3\nd = [\"y\", \"z\"]\n", "f.toml").value();
  EXPECT_EQ(settings.String("a").value(), "x");
  EXPECT_EQ(settings.Integer("b.c").value(), 3);
  EXPECT_THAT(settings.Strings("b.d").value(), ElementsAre("y", "z"));
  EXPECT_EQ(settings.StringOr("e", "default").value(), "default");
  EXPECT_TRUE(Settings::Parse("f = true\n", "f.toml")->BooleanOr("f", false).value());
  EXPECT_TRUE(settings.BooleanOr("f", true).value());
  EXPECT_EQ(settings.BooleanOr("a", true).error().message, "f.toml: a must be true or false");
}

TEST(Settings, NamesFileAndKeyInErrors) {
  const Settings settings = Settings::Parse("a = 1\nb = 2\n", "f.toml").value();
  EXPECT_EQ(settings.String("a").error().message, "f.toml: a must be a string");
  EXPECT_EQ(settings.String("z").error().message, "f.toml: z is missing");
  EXPECT_FALSE(settings.IntegerOr("a.b", 1).value() == 2);
  constexpr std::array<std::string_view, 1> kKnown = {"a"};
  EXPECT_EQ(settings.RefuseOthers(kKnown).error().message, "f.toml: unknown setting b");
}

TEST(Settings, NamesThePositionOfASyntaxError) {
  EXPECT_THAT(Settings::Parse("a = \n", "f.toml").error().message, HasSubstr("f.toml:1:"));
  for (const char* text : {"[=]\n", "\xC3\xBC = 1\n", "end\xC6\x8B = 1\n"}) {
    const auto settings = Settings::Parse(text, "f.toml");
    ASSERT_FALSE(settings.has_value()) << text;
    EXPECT_THAT(settings.error().message, HasSubstr("f.toml:1:")) << text;
  }
}

TEST(Settings, WritesWhatItReads) {
  const std::vector<std::string> list = {"p", "q\"r", "\\'''"};
  const std::string text =
      SettingLine("a", "x \"y\" \n") + SettingLine("b", 7) + SettingLine("c", list);
  const Settings settings = Settings::Parse(text, "f.toml").value();
  EXPECT_EQ(settings.String("a").value(), "x \"y\" \n");
  EXPECT_EQ(settings.Integer("b").value(), 7);
  EXPECT_EQ(settings.Strings("c").value(), list);
}

TEST(DaemonCall, WantsAConfigurationOrAQuestion) {
  std::array<char*, 3> config = {const_cast<char*>("p"), const_cast<char*>("--config"),
                                 const_cast<char*>("f.toml")};
  EXPECT_EQ(ParseDaemonCall(config, "help").value().config, "f.toml");
  std::array<char*, 2> help = {const_cast<char*>("p"), const_cast<char*>("--help")};
  EXPECT_EQ(ParseDaemonCall(help, "help").value().answer, "help");
  std::array<char*, 5> more = {const_cast<char*>("p"), const_cast<char*>("--config"),
                               const_cast<char*>("f.toml"), const_cast<char*>("--keep"),
                               const_cast<char*>("9d")};
  EXPECT_FALSE(ParseDaemonCall(more, "help").has_value()) << "nothing is ignored";
  constexpr std::array<std::string_view, 1> kKnown = {"--keep"};
  const DaemonCall call = ParseDaemonCall(more, "help", {.options = kKnown}).value();
  EXPECT_EQ(call.config, "f.toml");
  ASSERT_EQ(call.options.size(), 1U);
  EXPECT_EQ(call.options.front().second, "9d");
  std::array<char*, 2> strange = {const_cast<char*>("p"), const_cast<char*>("--conf")};
  EXPECT_FALSE(ParseDaemonCall(strange, "help").has_value());
}

TEST(DaemonCall, KnowsTheVerbOfItsProgramAlone) {
  std::array<char*, 4> call = {const_cast<char*>("p"), const_cast<char*>("--config"),
                               const_cast<char*>("f.toml"), const_cast<char*>("--take-over")};
  EXPECT_EQ(ParseDaemonCall(call, "help", {.verb = "--take-over"}).value().verb, "--take-over");
  EXPECT_FALSE(ParseDaemonCall(call, "help").has_value());
}

}  // namespace
}  // namespace eris
