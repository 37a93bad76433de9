// Goal: Nix' errors become one line with their position, strings travel unchanged, and what fails
// to run is told apart from what Nix refuses. Method: texts as Nix prints them, and small
// expressions.
#include "planner/models/nix_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/nix_store.h"

namespace eris::nix_command_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(NixErrorLine, TellsMessageAndPosition) {
  EXPECT_EQ(NixErrorLine("warning: something\n"
                         "error: undefined variable 'x'\n\n"
                         "       at /m/services.nix:3:9:\n\n"
                         "            2| {\n            3|   a = x;\n             |       ^\n"
                         "(use '--show-trace' to show detailed location information)\n"),
            "undefined variable 'x' (at /m/services.nix:3:9)");
  EXPECT_EQ(NixErrorLine("error: getting status of '/m/x': No such file or directory\n"),
            "getting status of '/m/x': No such file or directory");
  EXPECT_EQ(NixErrorLine("error:\n       … while calling\n       error: last\n"), "last");
  EXPECT_EQ(NixErrorLine("Segmentation fault\nmore"), "Segmentation fault");
  EXPECT_EQ(NixErrorLine(""), "");
}

const testing::NixStore& Store() {
  static const testing::NixStore kStore(testing::StoreNames::kLogical);
  return kStore;
}

TEST(EvaluateNix, PassesStringsUnchanged) {
  const std::string text = "a\"b\\c${d}\n\t'$$ \xC3\xA9";
  const Result<std::string> json = EvaluateNix(NixString(text), Store().options());
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_THAT(*json, HasSubstr(R"("a\"b\\c${d}\n\t'$$ é")"));
}

TEST(EvaluateNix, RefusesWithOneLineOrTheWholeTrace) {
  NixOptions options = Store().options();
  const Result<std::string> brief =
      EvaluateNix("let f = x: throw \"bad ${x}\"; in f \"apple\"", options);
  ASSERT_FALSE(brief);
  EXPECT_EQ(brief.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(brief.error().message, StartsWith("bad apple"));
  EXPECT_EQ(brief.error().message.find('\n'), std::string::npos);
  options.show_trace = true;
  const Result<std::string> whole =
      EvaluateNix("let f = x: throw \"bad ${x}\"; in f \"apple\"", options);
  ASSERT_FALSE(whole);
  EXPECT_THAT(whole.error().message, HasSubstr("bad apple"));
  EXPECT_THAT(whole.error().message, HasSubstr("\n"));
}

TEST(EvaluateNix, SaysWhenNixIsMissing) {
  NixOptions options;
  options.program = "/nonexistent/nix-instantiate";
  const Result<std::string> json = EvaluateNix("1", options);
  ASSERT_FALSE(json);
  EXPECT_NE(json.error().code, ErrorCode::kInvalid);
}

// Old Nix prints the way to an error after it, new Nix before it.
TEST(NixErrorLine, TellsTheInnermostPlaceInTheModels) {
  EXPECT_EQ(NixErrorLine("error: no\n\n       at s.nix:2:3:\n\n       … eris: s.nix:1: services "
                         "model, a.pkg\n\n       … eris: s.nix:1: services model, a\n"),
            "s.nix:1: services model, a.pkg: no (at s.nix:2:3)");
  EXPECT_EQ(NixErrorLine("error:\n       … eris: services model, a\n\n       … eris: services "
                         "model, a.pkg\n\n       error: no\n"),
            "services model, a.pkg: no");
}

}  // namespace
}  // namespace eris::nix_command_test
