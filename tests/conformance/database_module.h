// What every database module promises, for any server: a fixture that calls `dysnomia` on a
// component `the-rooms` with a table `rooms (number, name)`, and the checks that are the same for
// all of them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "schema/base/command.h"
#include "state/snapshots/store.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {

class DatabaseModule : public ::testing::Test {
 protected:
  // `type` names the module, and the folder of initial states with an s behind it.
  explicit DatabaseModule(std::string type) : type_(std::move(type)) {}

  // ---- the server; by whoever knows it ----
  virtual std::string Ask(const std::string& sql) = 0;       // of the database, as a superuser
  virtual std::string Content() = 0;                         // everything that a client can see
  virtual std::string Databases() = 0;                       // what there is of it, open or closed
  virtual std::string Initial() const = 0;                   // Content() of the initial state
  virtual std::vector<std::string> Environment() const = 0;  // PATH, and what its programs need

  std::string Component() const { return "components/" + type_ + "/the-rooms"; }
  std::string InitialFile(const std::string& name) const {
    return Component() + "/" + type_ + "s/" + name;
  }

  int Do(const std::string& operation) {
    CommandOptions options;
    options.environment = Environment();
    for (const std::string& variable :
         {"HOME=" + dir_.path().string(),
          "DYSNOMIA_CONTAINERS_PATH=" + (dir_ / "containers").string(),
          "DYSNOMIA_COMPONENTS_PATH=" + (dir_ / "components").string(),
          "DYSNOMIA_STATEDIR=" + (dir_ / "state").string()}) {
      options.environment.push_back(variable);
    }
    const auto output =
        RunCommand({DYSNOMIA_PROGRAM, "-o", operation, "-c", "the-rooms", "-C", type_}, options);
    EXPECT_TRUE(output) << output.error().message;
    last_ = output->stdout_text + output->stderr_tail;
    return output->status.value;
  }

  std::size_t Generations() const {
    const auto entries =
        std::filesystem::directory_iterator(dir_ / ("state/generations/" + type_ + "/the-rooms"));
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  // The sequence of Dysnomia's own tests.
  void CheckContract() {
    EXPECT_EQ(Do("status"), 3);
    EXPECT_EQ(Do("activate") + Do("activate"), 0) << last_;
    EXPECT_EQ(Do("status"), 0);
    EXPECT_EQ(Content(), Initial()) << "all files of the initial state, once";
    EXPECT_EQ(Databases(), "the-rooms");

    EXPECT_EQ(Do("snapshot") + Do("snapshot"), 0) << last_;
    EXPECT_EQ(Generations(), 1U) << "an unchanged database gives the same snapshot";
    EXPECT_EQ(Ask("INSERT INTO rooms VALUES (3, 'third')"), "");
    EXPECT_EQ(Do("snapshot"), 0) << last_;
    EXPECT_EQ(Generations(), 2U);
    const std::string all = Content();

    EXPECT_EQ(Do("collect-garbage"), 0);
    EXPECT_EQ(Content(), all) << "active state is no garbage";
    EXPECT_EQ(Do("deactivate") + Do("deactivate"), 0) << last_;
    EXPECT_EQ(Do("status"), 3);
    EXPECT_EQ(Do("activate"), 0) << last_;
    EXPECT_EQ(Content(), all) << "state outlives its service";
    EXPECT_EQ(Do("snapshot"), 0) << last_;
    EXPECT_EQ(Generations(), 2U) << "closing and opening changes nothing";

    EXPECT_EQ(Do("deactivate") + Do("collect-garbage") + Do("collect-garbage"), 0) << last_;
    EXPECT_EQ(Databases(), "");
    EXPECT_EQ(Do("activate"), 0) << last_;
    EXPECT_EQ(Content(), Initial());
    EXPECT_EQ(Do("restore"), 0) << last_;
    EXPECT_EQ(Content(), all);
    EXPECT_EQ(Databases(), "the-rooms");
  }

  void CheckFailingRestore() {
    ASSERT_EQ(Do("activate") + Do("snapshot"), 0) << last_;
    EXPECT_EQ(Ask("INSERT INTO rooms VALUES (3, 'third')"), "");
    const std::string before = Content();
    // A dump that ends in the middle; its checksum is made to fit.
    const auto snapshots = dir_ / ("state/snapshots/" + type_ + "/the-rooms");
    const auto snapshot = std::filesystem::directory_iterator(snapshots)->path();
    std::filesystem::resize_file(snapshot / "dump.sql.xz",
                                 std::filesystem::file_size(snapshot / "dump.sql.xz") / 2);
    EXPECT_NE(Do("restore"), 0) << "corrupt";
    EXPECT_THAT(last_, ::testing::HasSubstr("is not what it was"));
    EXPECT_EQ(Content(), before);
    const auto sum = snapshots::ChecksumOf(snapshot);
    ASSERT_TRUE(sum);
    dir_.Write("state/checksums/" + type_ + "/the-rooms/" + snapshot.filename().string(), *sum);
    EXPECT_NE(Do("restore"), 0) << "cut off";
    EXPECT_EQ(Content(), before);
    EXPECT_EQ(Databases(), "the-rooms");
  }

  void CheckFailingInitialState() {
    dir_.Write(InitialFile("3-wrong.sql"), "INSERT INTO nowhere VALUES (1);\n");
    EXPECT_NE(Do("activate"), 0);
    EXPECT_THAT(last_, ::testing::HasSubstr("nowhere"));
    EXPECT_EQ(Databases(), "");
    dir_.Write(InitialFile("3-wrong.sql"), "");
    EXPECT_EQ(Do("activate"), 0) << last_;
    EXPECT_EQ(Content(), Initial());
  }

  const std::string type_;
  TestDir dir_;
  std::string last_;  // what the last call printed
};

}  // namespace eris::dysnomia
