// Goal: a database is opened by one writer, only when it is ours and not newer, and stops after a
// failed commit. Method: databases of the test's own schema; a file size limit makes the disk full.
#include "state/internal/sqlite.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>

#include "tests/unit/state/temp_directory.h"

namespace eris::sqlite {
namespace {

constexpr std::array<std::string_view, 2> kMigrations = {
    "CREATE TABLE t(n INTEGER PRIMARY KEY, text TEXT NOT NULL, bytes BLOB) STRICT;",
    "ALTER TABLE t ADD COLUMN extra INTEGER; CREATE INDEX t_text ON t(text);"};

class Sqlite : public testing::Test {
 protected:
  Options With(std::size_t migrations) {
    return {.path = directory_ / "test.db",
            .what = "journal",
            .application_id = 77,
            .migrations = std::span(kMigrations).first(migrations)};
  }
  static Status Insert(Database& database, std::int64_t n) {
    Statement insert(database, "INSERT INTO t(n, text, bytes) VALUES (?1, ?2, ?3)");
    ERIS_ASSIGN(Transaction transaction, Transaction::Begin(database));
    ERIS_TRY(insert.Run(n, std::string(100'000, 'x'), Blob{std::string_view("a\0b", 3)}));
    return transaction.Commit();
  }
  static std::int64_t Count(Database& database) {
    Statement count(database, "SELECT count(*) FROM t");
    Cursor row = count.Select();
    EXPECT_TRUE(row.Next().value());
    return row.Integer(0);
  }

  test::TempDirectory directory_;
};

TEST_F(Sqlite, BindsAndReadsEveryKindOfValue) {
  const auto database = Database::Open(With(2)).value();
  Statement insert(*database, "INSERT INTO t(n, text, bytes, extra) VALUES (?1, ?2, ?3, ?4)");
  ASSERT_TRUE(insert.Run(~std::uint64_t{0}, std::string_view{}, Blob{std::string_view("a\0b", 3)},
                         std::optional<int>{}));
  Statement select(*database, "SELECT n, text, bytes, extra FROM t");
  Cursor row = select.Select();
  ASSERT_TRUE(row.Next().value());
  EXPECT_EQ(row.Unsigned(0), ~std::uint64_t{0});
  EXPECT_EQ(row.Text(1), "");
  EXPECT_EQ(row.Bytes(2), std::string_view("a\0b", 3));
  EXPECT_TRUE(row.IsNull(3));
  EXPECT_FALSE(row.Next().value());
}

TEST_F(Sqlite, BringsAnOlderDatabaseUpToDate) {
  ASSERT_TRUE(Insert(*Database::Open(With(1)).value(), 1));
  const auto database = Database::Open(With(2)).value();
  EXPECT_EQ(Count(*database), 1);
  EXPECT_TRUE(Statement(*database, "UPDATE t SET extra = 1").Run());
}

TEST_F(Sqlite, RefusesANewerDatabase) {
  ASSERT_TRUE(Database::Open(With(2)));
  const auto older = Database::Open(With(1));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::kInvalid);
  EXPECT_NE(older.error().message.find("newer Eris"), std::string::npos) << older.error().message;
  EXPECT_FALSE(older.error().fix.empty());
}

TEST_F(Sqlite, RefusesAndLeavesAloneWhatIsNotOurs) {
  ASSERT_TRUE(Database::Open(With(1)));
  Options other = With(1);
  other.application_id = 78;
  EXPECT_EQ(Database::Open(other).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(Database::Open(With(1)));

  Options text = With(1);
  text.path = directory_ / "text";
  const std::string content(5000, 'x');
  ASSERT_TRUE(WriteFileAtomically(text.path, content, 0600));
  EXPECT_EQ(Database::Open(text).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ReadFile(text.path, 10'000).value(), content);
}

TEST_F(Sqlite, RefusesASecondWriterUntilTheFirstHasGone) {
  auto first = Database::Open(With(1)).value();
  EXPECT_EQ(Database::Open(With(1)).error().code, ErrorCode::kUnavailable);
  first.reset();
  EXPECT_TRUE(Database::Open(With(1)));
}

TEST_F(Sqlite, AnUncommittedTransactionLeavesNothingAndFailsTheDatabase) {
  const auto database = Database::Open(With(1)).value();
  {
    const Transaction dropped = Transaction::Begin(*database).value();
    ASSERT_TRUE(Statement(*database, "INSERT INTO t(n, text) VALUES (1, 'x')").Run());
  }
  EXPECT_EQ(Count(*database), 0);
  EXPECT_TRUE(database->failed());
  EXPECT_FALSE(Transaction::Begin(*database));
}

// The disk is full in the middle of a commit: nothing of it is there afterwards, everything before.
TEST_F(Sqlite, StopsAfterAFailedCommit) {
  auto database = Database::Open(With(1)).value();
  ASSERT_TRUE(Insert(*database, 1));

  struct rlimit old {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = old;
  small.rlim_cur = 150'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status failed = Insert(*database, 2);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);

  ASSERT_FALSE(failed);
  EXPECT_FALSE(Insert(*database, 3)) << "the disk has space again, but the process must stop";
  database = nullptr;
  database = Database::Open(With(1)).value();
  EXPECT_EQ(Count(*database), 1);
  EXPECT_TRUE(Insert(*database, 4));
}

TEST_F(Sqlite, AMistakeInTheSqlIsAnErrorOfEveryUse) {
  const auto database = Database::Open(With(1)).value();
  Statement statement(*database, "SELECT nothing FROM nowhere");
  EXPECT_FALSE(statement.Run());
  EXPECT_FALSE(statement.Select().Next());
}

}  // namespace
}  // namespace eris::sqlite
