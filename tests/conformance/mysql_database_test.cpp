// Goal: mysql-database keeps Dysnomia's contract against a real MariaDB server, and closes, dumps
// and restores without losing a row, a key, a view, a trigger, a routine or an event. Method: a
// server of the test's own, the `dysnomia` program, rows compared one by one; a client in the midst
// of a transaction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/base/process.h"
#include "tests/conformance/database_module.h"
#include "tests/conformance/mariadb_server.h"

namespace eris::dysnomia {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTables = R"(
CREATE TABLE rooms (number int PRIMARY KEY, name varchar(80) NOT NULL) ENGINE=InnoDB;
CREATE TABLE keeps (id int AUTO_INCREMENT PRIMARY KEY, room int NOT NULL, what blob,
                    FOREIGN KEY (room) REFERENCES rooms (number)) ENGINE=InnoDB;
CREATE TABLE seen (number int) ENGINE=InnoDB;
CREATE SEQUENCE tickets START WITH 7;
)";
constexpr const char* kOthers = R"(
DELIMITER //
CREATE TRIGGER noted AFTER INSERT ON rooms FOR EACH ROW
BEGIN
  INSERT INTO seen VALUES (NEW.number);
END//
CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN 2 * n//
CREATE PROCEDURE clear_seen() DELETE FROM seen//
CREATE EVENT yearly ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM seen//
DELIMITER ;
CREATE VIEW doubled AS SELECT number, twice(number) AS two FROM rooms;
INSERT INTO rooms VALUES (1, 'first'), (2, 'it''s "second"');
INSERT INTO keeps (room, what) VALUES (1, X'00ff0a5c27');
)";

class MysqlDatabase : public DatabaseModule {
 protected:
  MysqlDatabase() : DatabaseModule("mysql-database") {}

  void SetUp() override {
    const auto programs = MariadbServer::FindPrograms();
    if (!programs) GTEST_SKIP() << "there is no MariaDB server: scripts/setup --tests";
    std::filesystem::permissions(dir_.path(), std::filesystem::perms::all);
    server_.emplace(*programs, dir_ / "server");
    const std::string why = server_->Start();
    ASSERT_EQ(why, "");
    server_->SetPassword("hush");
    dir_.Write("containers/mysql-database",
               "type=\"mysql-database\"\nmysqlUsername=\"root\"\nmysqlPassword=\"hush\"\n"
               "mysqlSocket=\"" +
                   server_->socket().string() + "\"\ntimeout=\"30\"\n");
    dir_.Write(InitialFile("1-tables.sql"), kTables);
    dir_.Write(InitialFile("2-others.sql"), kOthers);
  }

  std::string Ask(const std::string& sql) override { return server_->Ask("the-rooms", sql); }
  std::vector<std::string> Environment() const override {
    return {server_->Path(), ServerLibraryPath()};
  }

  // The tables' rows and what comes of the rest.
  std::string Content() override {
    return Ask(R"(
SELECT * FROM rooms ORDER BY number;
SELECT id, room, hex(what) FROM keeps ORDER BY id;
SELECT number FROM seen ORDER BY number;
SELECT * FROM doubled ORDER BY number;
SELECT trigger_name, action_statement FROM information_schema.triggers
  WHERE trigger_schema = 'the-rooms';
SELECT routine_name, routine_type FROM information_schema.routines
  WHERE routine_schema = 'the-rooms' ORDER BY 1;
SELECT event_name, status, starts FROM information_schema.events WHERE event_schema = 'the-rooms';
SELECT constraint_name, referenced_table_name FROM information_schema.referential_constraints
  WHERE constraint_schema = 'the-rooms';)");
  }
  std::string Databases() override {
    return server_->Ask(
        "", "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'the-%'");
  }
  std::string Initial() const override {
    return "1\tfirst\n2\tit's \"second\"\n1\t1\t00FF0A5C27\n1\n2\n1\t2\n2\t4\n"
           "noted\tBEGIN\n  INSERT INTO seen VALUES (NEW.number);\nEND\n"
           "clear_seen\tPROCEDURE\ntwice\tFUNCTION\nyearly\tENABLED\t2037-01-01 00:00:00\n"
           "keeps_ibfk_1\trooms";
  }

  std::optional<MariadbServer> server_;
};

TEST_F(MysqlDatabase, KeepsDysnomiasContract) {
  CheckContract();
  EXPECT_EQ(Ask("INSERT INTO keeps (room) VALUES (99)").substr(0, 5), "error") << "its keys hold";
}
TEST_F(MysqlDatabase, AFailingRestoreLeavesTheOldDatabase) { CheckFailingRestore(); }
TEST_F(MysqlDatabase, AFailingInitialStateLeavesNothing) { CheckFailingInitialState(); }

TEST_F(MysqlDatabase, DeactivatedIsClosedToAllButDumpAndRestore) {
  ASSERT_EQ(Do("activate") + Do("snapshot"), 0) << last_;
  // A client in the midst of a transaction, which holds a lock on a table.
  SpawnOptions options;
  options.environment = {server_->Path(), ServerLibraryPath()};
  options.argv = server_->ClientArguments("the-rooms");
  options.argv.emplace_back(
      "--execute=BEGIN; INSERT INTO rooms VALUES (8, 'half'); DO SLEEP(600); COMMIT");
  auto child = Spawn(options);
  ASSERT_TRUE(child);
  while (server_->Ask("",
                      "SELECT count(*) FROM information_schema.processlist "
                      "WHERE info LIKE 'DO SLEEP%'") != "1") {
  }
  EXPECT_EQ(Do("deactivate"), 0) << last_;
  const auto end = Reap(*child);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->success()) << "its connection was ended";

  EXPECT_THAT(server_->Ask("", "INSERT INTO `the-rooms`.rooms VALUES (9, 'lost')"),
              HasSubstr("doesn't exist"))
      << "a superuser, too";
  EXPECT_EQ(Do("snapshot"), 0) << last_;
  EXPECT_EQ(Generations(), 1U) << "closed or open, it is the same state";
  EXPECT_EQ(server_->Ask("", "SELECT count(*) FROM information_schema.events"), "0");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), Initial());
  EXPECT_EQ(Do("deactivate") + Do("restore"), 0) << last_;
  EXPECT_EQ(Databases(), "the-rooms~closed") << "a restore opens nothing";
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), Initial());
}

// What a closing or opening leaves that was cut short, at each place where it can be.
TEST_F(MysqlDatabase, FinishesWhatWasCutShort) {
  ASSERT_EQ(Do("activate"), 0) << last_;
  ASSERT_EQ(Do("deactivate"), 0) << last_;
  // An opening that has moved the tables, not yet brought the rest.
  EXPECT_EQ(server_->Ask("",
                         "CREATE DATABASE `the-rooms`; SET foreign_key_checks = 0; RENAME TABLE "
                         "`the-rooms~closed`.rooms TO `the-rooms`.rooms, "
                         "`the-rooms~closed`.keeps TO `the-rooms`.keeps, "
                         "`the-rooms~closed`.seen TO `the-rooms`.seen, "
                         "`the-rooms~closed`.tickets TO `the-rooms`.tickets"),
            "");
  EXPECT_EQ(Do("status"), 3);
  EXPECT_NE(Do("snapshot"), 0);
  EXPECT_EQ(Do("deactivate"), 0) << last_;
  EXPECT_EQ(Databases(), "the-rooms~closed");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), Initial());
  // A closing that has only noted what it is about to take away.
  EXPECT_EQ(Do("deactivate"), 0) << last_;
  const std::string definitions =
      server_->Ask("the-rooms~closed", "SELECT hex(text) FROM `~definitions`");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(server_->Ask("",
                         "CREATE DATABASE `the-rooms~closed`; CREATE TABLE "
                         "`the-rooms~closed`.`~definitions` (text LONGBLOB NOT NULL); INSERT "
                         "INTO `the-rooms~closed`.`~definitions` VALUES (X'" +
                             definitions + "')"),
            "");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), Initial());
  EXPECT_EQ(Databases(), "the-rooms");
}

}  // namespace
}  // namespace eris::dysnomia
