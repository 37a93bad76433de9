// Goal: assignments mean what they mean to a shell, and nothing is ever executed. Method: texts and
// what comes of them, with the refusals.
#include "dysnomia/container_file.h"

#include <gtest/gtest.h>

namespace eris::dysnomia {
namespace {

TEST(ContainerFile, ReadsWhatDysnomiaWrites) {
  const auto read = ParseAssignments(
      "# written by hand\n"
      "type=\"mysql-database\"\n"
      "mysqlPort=3306   # default\n"
      "export motd='it costs $5 `now`'\n"
      "\n"
      "hosts=(\"a b\" 'c'\n  d) ; empty=\n"
      "quoted=\"say \\\"hi\\\" for 5$ \\$HOME \\n\"\n"
      "joined=a\"b c\"'d'\\ e\n"
      "mysqlPort=3307");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, (Assignments{{"type", "mysql-database"},
                                {"mysqlPort", "3307"},
                                {"motd", "it costs $5 `now`"},
                                {"hosts", "a b c d"},
                                {"empty", ""},
                                {"quoted", "say \"hi\" for 5$ $HOME \\n"},
                                {"joined", "ab cd e"}}));
}

TEST(ContainerFile, RefusesWhatOnlyAShellCanAnswer) {
  for (const std::string text :
       {"a=$(touch /tmp/x)", "a=`id`", "a=\"$HOME\"", "a=${HOME}", "a=\"x `id`\"", "a=(\"$1\")",
        "rm -rf /", "a", "a=b | c", "a=b > c", "a=(b", "a=\"b", "a='b", "a=b)", "=x", "a=x;b",
        "a=<(id)", "a=b & c", "a=\\"}) {
    const auto read = ParseAssignments(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(ContainerFile, ErrorsNameTheLine) {
  const auto read = ParseAssignments("a=1\nb=\"two\nlines\"\nc=$(id)\n");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message.substr(0, 8), "line 4: ");
}

TEST(ContainerFile, SplitsCommandLines) {
  EXPECT_EQ(SplitWords(" /bin/a --name 'x y' -z\"1 2\" "),
            (std::vector<std::string>{"/bin/a", "--name", "x y", "-z1 2"}));
  EXPECT_FALSE(SplitWords("a; b"));
  EXPECT_FALSE(SplitWords("a $(b)"));
}

}  // namespace
}  // namespace eris::dysnomia
