// Goal: echo, wrapper, process and fileset do on the command line what Dysnomia's own tests expect
// of them. Method: the program with container files and components by name, step by step as those
// tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "schema/base/command.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

class PlainModules : public ::testing::Test {
 protected:
  // A container file and an empty component of this name.
  void Container(const std::string& type, const std::string& properties = {}) {
    container_ = type;
    dir_.Write("containers/" + type, "type=\"" + type + "\"\n" + properties);
    std::filesystem::create_directories(dir_ / Component());
  }
  std::string Component() const { return "components/" + container_ + "/thing"; }

  CommandOutput Call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), DYSNOMIA_PROGRAM);
    arguments.insert(arguments.end(), {"-c", "thing", "-C", container_});
    CommandOptions options;
    options.environment = {"PATH=" + std::string(::getenv("PATH")),
                           "HOME=" + dir_.path().string(),
                           "DYSNOMIA_CONTAINERS_PATH=/nowhere:" + (dir_ / "containers").string(),
                           "DYSNOMIA_COMPONENTS_PATH=/nowhere:" + (dir_ / "components").string(),
                           "DYSNOMIA_STATEDIR=" + (dir_ / "state").string(),
                           "LEAK=1"};
    auto output = RunCommand(arguments, options);
    EXPECT_TRUE(output) << output.error().message;
    return *std::move(output);
  }
  int Do(const std::string& operation) {
    const CommandOutput output = Call({"-o", operation});
    if (!output.status.success()) ::testing::Test::RecordProperty("stderr", output.stderr_tail);
    return output.status.value;
  }
  std::size_t Count(std::string_view below) const {
    const auto entries = std::filesystem::directory_iterator(dir_ / below);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  TestDir dir_;
  std::string container_;
};

TEST_F(PlainModules, Echo) {
  Container("echo", "hello=\"wo rld\"\nlist=(\"a\" \"b\")\n");
  const CommandOutput output = Call({"--operation", "activate"});
  EXPECT_TRUE(output.status.success());
  EXPECT_THAT(output.stdout_text, HasSubstr("hello=wo rld\nlist=a b\n"));
  EXPECT_THAT(output.stdout_text, ::testing::Not(HasSubstr("LEAK"))) << "as with env -i";
  EXPECT_EQ(Do("deactivate"), 0);
  EXPECT_EQ(Do("status"), 95) << "not implemented is no success";
  EXPECT_TRUE(
      Call({"--shell", "--command", "echo $hello > " + (dir_ / "said").string()}).status.success());
  EXPECT_EQ(dir_.Read("said"), "wo rld\n");
}

TEST_F(PlainModules, Wrapper) {
  Container("wrapper", "where=" + dir_.path().string() + "\n");
  dir_.Script(Component() + "/bin/wrapper",
              "case \"$1\" in\n"
              "  activate) touch $where/active ;;\n"
              "  deactivate) rm -f $where/active ;;\n"
              "  lock) [ -e $where/active ] && touch $where/locked ;;\n"
              "  unlock) rm $where/locked ;;\n"
              "esac\n");
  EXPECT_EQ(Do("activate") + Do("activate"), 0);
  EXPECT_EQ(Do("lock"), 0);
  EXPECT_TRUE(FileExists((dir_ / "locked").string()));
  EXPECT_EQ(Do("unlock"), 0);
  EXPECT_FALSE(FileExists((dir_ / "locked").string()));
  EXPECT_EQ(Do("deactivate") + Do("deactivate"), 0);
  EXPECT_NE(Do("lock"), 0) << "a refusal is a refusal";
}

TEST_F(PlainModules, Process) {
  Container("process", "settleMs=100\n");
  dir_.Script(Component() + "/bin/server", "exec sleep 60\n");
  EXPECT_EQ(Do("status"), 3);
  EXPECT_EQ(Do("activate") + Do("activate"), 0);
  EXPECT_EQ(Do("status"), 0);
  const pid_t pid = std::stoi(dir_.Read("state/process/process/thing/server.pid"));
  EXPECT_EQ(::kill(pid, 0), 0);
  EXPECT_EQ(Do("deactivate") + Do("deactivate"), 0);
  EXPECT_EQ(Do("status"), 3);
}

TEST_F(PlainModules, Fileset) {
  Container("fileset", "targetDir=\"" + (dir_ / "srv").string() + "\"\n");
  const auto page = dir_.Write(Component() + "/index.html", "hello");
  dir_.Write(Component() + "/.dysnomia-fileset",
             "symlink " + page.string() + "\ntarget www\nmkdir www/files\n");
  EXPECT_EQ(Do("activate") + Do("activate"), 0);
  EXPECT_EQ(Do("status"), 0);
  EXPECT_EQ(dir_.Read("srv/www/index.html"), "hello");
  dir_.Write("srv/www/files/one", "1");
  EXPECT_EQ(Do("snapshot") + Do("snapshot"), 0);
  EXPECT_EQ(Count("state/generations/fileset/thing"), 1U);
  dir_.Write("srv/www/files/two", "2");
  EXPECT_EQ(Do("snapshot"), 0);
  EXPECT_EQ(Count("state/generations/fileset/thing"), 2U);
  EXPECT_EQ(Do("collect-garbage"), 0);
  EXPECT_EQ(dir_.Read("srv/www/files/two"), "2") << "active state is no garbage";
  EXPECT_EQ(Do("deactivate") + Do("deactivate"), 0);
  EXPECT_FALSE(FileExists((dir_ / "srv/www/index.html").string()));
  EXPECT_EQ(dir_.Read("srv/www/files/two"), "2") << "state outlives its service";
  EXPECT_EQ(Do("collect-garbage") + Do("collect-garbage"), 0);
  EXPECT_FALSE(FileExists((dir_ / "srv/www").string()));
  EXPECT_EQ(Do("activate") + Do("restore"), 0);
  EXPECT_EQ(dir_.Read("srv/www/files/one") + dir_.Read("srv/www/files/two"), "12");
}

}  // namespace
}  // namespace eris::dysnomia
