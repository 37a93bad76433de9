// Goal: postgresql-database keeps Dysnomia's contract against a real server, and closes, dumps and
// restores without losing a row. Method: a server of the test's own, the `dysnomia` program, rows
// compared one by one; a client that has a connection open all the time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/base/command.h"
#include "schema/base/process.h"
#include "state/snapshots/store.h"
#include "tests/conformance/postgresql_server.h"
#include "tests/unit/dysnomia/test_dir.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

class PostgresqlDatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto programs = PostgresqlServer::FindPrograms();
    if (!programs) GTEST_SKIP() << "there is no PostgreSQL server: scripts/setup --tests";
    std::filesystem::permissions(dir_.path(), std::filesystem::perms::all);
    server_.emplace(*programs, dir_ / "server");
    const std::string why = server_->Start();
    ASSERT_EQ(why, "");
    dir_.Write("containers/postgresql-database",
               "type=\"postgresql-database\"\npostgresqlRuntimeDir=\"" +
                   server_->socket_dir().string() + "\"\npostgresqlPort=\"" +
                   PostgresqlServer::port() + "\"\ntimeout=\"5\"\n");
    dir_.Write(Component() + "/postgresql-databases/1-tables.sql",
               "CREATE TABLE rooms (number int PRIMARY KEY, name text NOT NULL);\n");
    dir_.Write(Component() + "/postgresql-databases/2-rows.sql",
               "INSERT INTO rooms VALUES (1, 'first'), (2, 'it''s \"second\"');\n");
  }

  static std::string Component() { return "components/postgresql-database/the-rooms"; }

  CommandOutput Call(const std::string& operation) {
    CommandOptions options;
    options.environment = {
        "PATH=" + server_->programs().string() + ":" + std::string(::getenv("PATH")),
        "HOME=" + dir_.path().string(),
        "DYSNOMIA_CONTAINERS_PATH=" + (dir_ / "containers").string(),
        "DYSNOMIA_COMPONENTS_PATH=" + (dir_ / "components").string(),
        "DYSNOMIA_STATEDIR=" + (dir_ / "state").string(),
        ServerLibraryPath()};
    auto output = RunCommand(
        {DYSNOMIA_PROGRAM, "-o", operation, "-c", "the-rooms", "-C", "postgresql-database"},
        options);
    EXPECT_TRUE(output) << output.error().message;
    last_ = output->stdout_text + output->stderr_tail;
    return *std::move(output);
  }
  int Do(const std::string& operation) { return Call(operation).status.value; }

  std::string Rows() { return server_->Ask("the-rooms", "SELECT * FROM rooms ORDER BY number"); }
  std::size_t Generations() const {
    const auto entries = std::filesystem::directory_iterator(
        dir_ / "state/generations/postgresql-database/the-rooms");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  static constexpr const char* kInitial = "1|first\n2|it's \"second\"";

  TestDir dir_;
  std::optional<PostgresqlServer> server_;
  std::string last_;
};

TEST_F(PostgresqlDatabase, KeepsDysnomiasContract) {
  EXPECT_EQ(Do("status"), 3);
  EXPECT_EQ(Do("activate") + Do("activate"), 0) << last_;
  EXPECT_EQ(Do("status"), 0);
  EXPECT_EQ(Rows(), kInitial) << "all files of the initial state, once";

  EXPECT_EQ(Do("snapshot") + Do("snapshot"), 0) << last_;
  EXPECT_EQ(Generations(), 1U) << "an unchanged database gives the same snapshot";
  EXPECT_EQ(server_->Ask("the-rooms", "INSERT INTO rooms VALUES (3, 'third')"), "");
  EXPECT_EQ(Do("snapshot"), 0) << last_;
  EXPECT_EQ(Generations(), 2U);
  const std::string all = Rows();

  EXPECT_EQ(Do("collect-garbage"), 0);
  EXPECT_EQ(Rows(), all) << "active state is no garbage";
  EXPECT_EQ(Do("deactivate") + Do("deactivate"), 0) << last_;
  EXPECT_EQ(Do("status"), 3);
  EXPECT_EQ(Do("activate"), 0);
  EXPECT_EQ(Rows(), all) << "state outlives its service";

  EXPECT_EQ(Do("deactivate") + Do("collect-garbage") + Do("collect-garbage"), 0) << last_;
  EXPECT_EQ(server_->Ask("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'the-%'"),
            "0");
  EXPECT_EQ(Do("activate"), 0);
  EXPECT_EQ(Rows(), kInitial);
  EXPECT_EQ(Do("restore"), 0) << last_;
  EXPECT_EQ(Rows(), all);
}

TEST_F(PostgresqlDatabase, DeactivatedIsClosedToAllButDumpAndRestore) {
  ASSERT_EQ(Do("activate"), 0) << last_;
  // A client stays connected while the database is closed.
  const std::string client = "SELECT pg_sleep(60)";
  std::string refused;
  {
    SpawnOptions options;
    options.environment = {"PATH=" + server_->programs().string() + ":/usr/bin:/bin",
                           "PGHOST=" + server_->socket_dir().string(),
                           "PGPORT=" + PostgresqlServer::port(),
                           "PGUSER=postgres",
                           "PGDATABASE=the-rooms",
                           ServerLibraryPath()};
    options.argv = {"psql", "-Xc", client};
    auto child = Spawn(options);
    ASSERT_TRUE(child);
    while (server_->Ask("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query = '" +
                                        client + "'") != "1") {
    }
    EXPECT_EQ(Do("deactivate"), 0) << last_;
    const auto end = Reap(*child);
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->success()) << "its connection was ended";
  }
  EXPECT_THAT(server_->Ask("the-rooms", "INSERT INTO rooms VALUES (9, 'lost')"),
              HasSubstr("does not exist"))
      << "a superuser, too";
  EXPECT_EQ(Do("snapshot"), 0) << last_;
  EXPECT_EQ(Do("restore"), 0) << last_;
  EXPECT_THAT(server_->Ask("the-rooms", "SELECT 1"), HasSubstr("does not exist"))
      << "a restore opens nothing";
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Rows(), kInitial);
}

TEST_F(PostgresqlDatabase, AFailingRestoreLeavesTheOldDatabase) {
  ASSERT_EQ(Do("activate") + Do("snapshot"), 0) << last_;
  EXPECT_EQ(server_->Ask("the-rooms", "INSERT INTO rooms VALUES (3, 'third')"), "");
  const std::string before = Rows();
  // A dump that ends in the middle; its checksum is made to fit.
  const auto snapshots = dir_ / "state/snapshots/postgresql-database/the-rooms";
  const auto snapshot = std::filesystem::directory_iterator(snapshots)->path();
  std::filesystem::resize_file(snapshot / "dump.sql.xz",
                               std::filesystem::file_size(snapshot / "dump.sql.xz") / 2);
  EXPECT_NE(Do("restore"), 0) << "corrupt";
  EXPECT_THAT(last_, HasSubstr("is not what it was"));
  EXPECT_EQ(Rows(), before);
  const auto sum = snapshots::ChecksumOf(snapshot);
  ASSERT_TRUE(sum);
  dir_.Write("state/checksums/postgresql-database/the-rooms/" + snapshot.filename().string(), *sum);
  EXPECT_NE(Do("restore"), 0) << "cut off";
  EXPECT_EQ(Rows(), before);
  EXPECT_EQ(server_->Ask("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%~%'"),
            "0");
}

TEST_F(PostgresqlDatabase, AFailingInitialStateLeavesNothing) {
  dir_.Write(Component() + "/postgresql-databases/3-wrong.sql",
             "INSERT INTO nowhere VALUES (1);\n");
  EXPECT_NE(Do("activate"), 0);
  EXPECT_THAT(last_, HasSubstr("nowhere"));
  EXPECT_THAT(server_->Ask("the-rooms", "SELECT 1"), HasSubstr("does not exist"));
  dir_.Write(Component() + "/postgresql-databases/3-wrong.sql", "");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Rows(), kInitial);
}

}  // namespace
}  // namespace eris::dysnomia
