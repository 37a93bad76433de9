// Goal: mysql-database keeps Dysnomia's contract against a real MariaDB server, and closes, dumps
// and restores without losing a row, a key, a view, a trigger, a routine or an event. Method: a
// server of the test's own, the `dysnomia` program, rows compared one by one; a client in the midst
// of a transaction.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/base/command.h"
#include "schema/base/process.h"
#include "state/snapshots/store.h"
#include "tests/conformance/mariadb_server.h"
#include "tests/unit/dysnomia/test_dir.h"

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

class MysqlDatabase : public ::testing::Test {
 protected:
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
    dir_.Write(Component() + "/mysql-databases/1-tables.sql", kTables);
    dir_.Write(Component() + "/mysql-databases/2-others.sql", kOthers);
  }

  static std::string Component() { return "components/mysql-database/the-rooms"; }

  CommandOutput Call(const std::string& operation) {
    CommandOptions options;
    options.environment = {server_->Path(),
                           "HOME=" + dir_.path().string(),
                           "DYSNOMIA_CONTAINERS_PATH=" + (dir_ / "containers").string(),
                           "DYSNOMIA_COMPONENTS_PATH=" + (dir_ / "components").string(),
                           "DYSNOMIA_STATEDIR=" + (dir_ / "state").string(),
                           ServerLibraryPath()};
    auto output = RunCommand(
        {DYSNOMIA_PROGRAM, "-o", operation, "-c", "the-rooms", "-C", "mysql-database"}, options);
    EXPECT_TRUE(output) << output.error().message;
    last_ = output->stdout_text + output->stderr_tail;
    return *std::move(output);
  }
  int Do(const std::string& operation) { return Call(operation).status.value; }

  // Everything that a client can see, the tables' rows and what comes of the rest.
  std::string Content() {
    return server_->Ask("the-rooms", R"(
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
  std::string Databases() {
    return server_->Ask(
        "", "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'the-%'");
  }
  std::size_t Generations() const {
    const auto entries =
        std::filesystem::directory_iterator(dir_ / "state/generations/mysql-database/the-rooms");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  static constexpr const char* kInitial =
      "1\tfirst\n2\tit's \"second\"\n1\t1\t00FF0A5C27\n1\n2\n1\t2\n2\t4\n"
      "noted\tBEGIN\n  INSERT INTO seen VALUES (NEW.number);\nEND\n"
      "clear_seen\tPROCEDURE\ntwice\tFUNCTION\nyearly\tENABLED\t2037-01-01 00:00:00\n"
      "keeps_ibfk_1\trooms";

  TestDir dir_;
  std::optional<MariadbServer> server_;
  std::string last_;
};

TEST_F(MysqlDatabase, KeepsDysnomiasContract) {
  EXPECT_EQ(Do("status"), 3);
  EXPECT_EQ(Do("activate") + Do("activate"), 0) << last_;
  EXPECT_EQ(Do("status"), 0);
  EXPECT_EQ(Content(), kInitial) << "all files of the initial state, once";
  EXPECT_EQ(Databases(), "the-rooms");

  EXPECT_EQ(Do("snapshot") + Do("snapshot"), 0) << last_;
  EXPECT_EQ(Generations(), 1U) << "an unchanged database gives the same snapshot";
  EXPECT_EQ(server_->Ask("the-rooms", "INSERT INTO rooms VALUES (3, 'third')"), "");
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
  EXPECT_EQ(Content(), kInitial);
  EXPECT_EQ(Do("restore"), 0) << last_;
  EXPECT_EQ(Content(), all);
  EXPECT_EQ(Databases(), "the-rooms");
  EXPECT_EQ(server_->Ask("the-rooms", "INSERT INTO keeps (room) VALUES (99)").substr(0, 5), "error")
      << "its keys hold";
}

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
  EXPECT_EQ(Content(), kInitial);
  EXPECT_EQ(Do("deactivate") + Do("restore"), 0) << last_;
  EXPECT_EQ(Databases(), "the-rooms~closed") << "a restore opens nothing";
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), kInitial);
}

TEST_F(MysqlDatabase, AFailingRestoreLeavesTheOldDatabase) {
  ASSERT_EQ(Do("activate") + Do("snapshot"), 0) << last_;
  EXPECT_EQ(server_->Ask("the-rooms", "INSERT INTO rooms VALUES (3, 'third')"), "");
  const std::string before = Content();
  // A dump that ends in the middle; its checksum is made to fit.
  const auto snapshots = dir_ / "state/snapshots/mysql-database/the-rooms";
  const auto snapshot = std::filesystem::directory_iterator(snapshots)->path();
  std::filesystem::resize_file(snapshot / "dump.sql.xz",
                               std::filesystem::file_size(snapshot / "dump.sql.xz") / 2);
  EXPECT_NE(Do("restore"), 0) << "corrupt";
  EXPECT_THAT(last_, HasSubstr("is not what it was"));
  EXPECT_EQ(Content(), before);
  const auto sum = snapshots::ChecksumOf(snapshot);
  ASSERT_TRUE(sum);
  dir_.Write("state/checksums/mysql-database/the-rooms/" + snapshot.filename().string(), *sum);
  EXPECT_NE(Do("restore"), 0) << "cut off";
  EXPECT_EQ(Content(), before);
  EXPECT_EQ(Databases(), "the-rooms");
}

TEST_F(MysqlDatabase, AFailingInitialStateLeavesNothing) {
  dir_.Write(Component() + "/mysql-databases/3-wrong.sql", "INSERT INTO nowhere VALUES (1);\n");
  EXPECT_NE(Do("activate"), 0);
  EXPECT_THAT(last_, HasSubstr("nowhere"));
  EXPECT_THAT(server_->Ask("the-rooms", "SELECT 1"), HasSubstr("Unknown database"));
  dir_.Write(Component() + "/mysql-databases/3-wrong.sql", "");
  EXPECT_EQ(Do("activate"), 0) << last_;
  EXPECT_EQ(Content(), kInitial);
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
  EXPECT_EQ(Content(), kInitial);
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
  EXPECT_EQ(Content(), kInitial);
  EXPECT_EQ(Databases(), "the-rooms");
}

}  // namespace
}  // namespace eris::dysnomia
