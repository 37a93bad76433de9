// Goal: postgresql-database keeps Dysnomia's contract against a real server, and closes, dumps and
// restores without losing a row. Method: a server of the test's own, the `dysnomia` program, rows
// compared one by one; a client that has a connection open all the time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/base/process.h"
#include "tests/conformance/database_module.h"
#include "tests/conformance/postgresql_server.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

class PostgresqlDatabase : public DatabaseModule {
 protected:
  PostgresqlDatabase() : DatabaseModule("postgresql-database") {}

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
    dir_.Write(InitialFile("1-tables.sql"),
               "CREATE TABLE rooms (number int PRIMARY KEY, name text NOT NULL);\n");
    dir_.Write(InitialFile("2-rows.sql"),
               "INSERT INTO rooms VALUES (1, 'first'), (2, 'it''s \"second\"');\n");
  }

  std::string Ask(const std::string& sql) override { return server_->Ask("the-rooms", sql); }
  std::string Content() override { return Ask("SELECT * FROM rooms ORDER BY number"); }
  std::string Databases() override {
    return server_->Ask("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'the-%'");
  }
  std::string Initial() const override { return "1|first\n2|it's \"second\""; }
  std::vector<std::string> Environment() const override {
    return {"PATH=" + server_->programs().string() + ":" + std::string(::getenv("PATH")),
            ServerLibraryPath()};
  }

  std::optional<PostgresqlServer> server_;
};

TEST_F(PostgresqlDatabase, KeepsDysnomiasContract) { CheckContract(); }
TEST_F(PostgresqlDatabase, AFailingRestoreLeavesTheOldDatabase) { CheckFailingRestore(); }
TEST_F(PostgresqlDatabase, AFailingInitialStateLeavesNothing) { CheckFailingInitialState(); }

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
  EXPECT_THAT(Ask("INSERT INTO rooms VALUES (9, 'lost')"), HasSubstr("does not exist"))
      << "a superuser, too";
  EXPECT_EQ(Do("snapshot"), 0) << last_;
  EXPECT_EQ(Do("restore"), 0) << last_;
  EXPECT_THAT(Ask("SELECT 1"), HasSubstr("does not exist")) << "a restore opens nothing";
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), Initial());
}

}  // namespace
}  // namespace eris::dysnomia
