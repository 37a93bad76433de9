// Goal: command lines stay within the system's limit and Nix' answers are read or refused. Method:
// many paths, and answers as Nix 2.8 prints them.
#include "state/nix_commands.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

std::vector<StorePath> Paths(std::size_t count) {
  std::vector<StorePath> paths;
  for (std::size_t i = 0; i < count; ++i) {
    paths.emplace_back("/nix/store/68038wdvs5hgp98rpdcjplibaxpk2fkp-package-" + std::to_string(i));
  }
  return paths;
}

TEST(NixCommands, SplitManyPathsIntoCommandsThatTheSystemTakes) {
  const auto paths = Paths(50'000);
  const auto commands = InvalidPathsCommands(paths);
  EXPECT_GT(commands.size(), 1U);
  std::size_t next = 0;
  for (const NixCommand& command : commands) {
    std::size_t bytes = 0;
    EXPECT_EQ(command[1], "--check-validity");
    for (std::size_t i = 3; i < command.size(); ++i) {
      EXPECT_EQ(command[i], paths[next++].text);
      bytes += command[i].size() + 1 + sizeof(char*);
    }
    EXPECT_LE(bytes, kMaxPathBytesPerCommand);
  }
  EXPECT_EQ(next, paths.size());
}

TEST(NixCommands, AskNothingAboutNoPaths) { EXPECT_TRUE(InvalidPathsCommands({}).empty()); }

TEST(NixCommands, GiveEachCommandItsOwnRoots) {
  const auto commands = AddRootsCommands(Paths(50'000), "/r/root");
  ASSERT_GT(commands.size(), 1U);
  EXPECT_EQ(commands[0][3], "/r/root");
  EXPECT_EQ(commands[1][3], "/r/root.1");
}

TEST(NixCommands, RootManyDerivationsWithArgumentsThatTheSystemTakes) {
  const auto commands = AddDerivationRootsCommands(Paths(1'000), "/r/root");
  ASSERT_EQ(commands.size(), 3U);
  EXPECT_EQ(commands[2][2], "/r/root.2");
  for (const NixCommand& command : commands) EXPECT_LT(command.back().size(), 128U * 1024);
}

TEST(NixCommands, NeverEvaluateWhatIsNoStorePath) {
  const std::vector<StorePath> paths = {StorePath("/a/b.drv"), StorePath("/a/${toString 1}"),
                                        StorePath("/a\"b")};
  const auto commands = AddDerivationRootsCommands(paths, "/r/root");
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_NE(commands[0].back().find("(derivation \"/a/b.drv\") ]"), std::string::npos);
}

TEST(NixCommands, PassTheLimitsOfABuild) {
  const auto commands =
      RealiseCommands(Paths(1), {.max_jobs = 4, .roots_prefix = "/r/out", .silent_limit_s = 600});
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_EQ(commands[0],
            (NixCommand{"nix-store", "--realise", "--keep-going", "--quiet", "--no-build-output",
                        "--option", "log-lines", "20", "--max-jobs", "4", "--max-silent-time",
                        "600", "--add-root", "/r/out", Paths(1)[0].text}));
}

TEST(NixCommands, ReadNixAnswers) {
  EXPECT_EQ(ParsePaths("/a/b\n/a/c\n").value(),
            (std::vector{StorePath("/a/b"), StorePath("/a/c")}));
  EXPECT_TRUE(ParsePaths("")->empty());
  EXPECT_EQ(ParseFreedBytes("deleting '/a/b'\n200 store paths deleted, 1.50 MiB freed\n").value(),
            1'572'864U);
  EXPECT_EQ(ParseStoreDirectory("\"/nix/store\"\n").value(), "/nix/store");
}

TEST(NixCommands, RefuseAnswersTheyDoNotKnow) {
  EXPECT_FALSE(ParsePaths("warning: something\n"));
  EXPECT_FALSE(ParseFreedBytes("nothing to do\n"));
  EXPECT_FALSE(ParseFreedBytes("2 store paths deleted, many MiB freed"));
  EXPECT_FALSE(ParseStoreDirectory("error"));
  EXPECT_FALSE(ParseStoreDirectory("\"\""));
}

}  // namespace
}  // namespace eris
