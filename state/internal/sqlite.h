// SQLite as Eris uses it (design §8): settings, one writer a file, migrations, fail-stop. The only
// adapter to the library: its header is included by sqlite.cpp alone. Knows no tables.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "schema/base/error.h"
#include "schema/base/files.h"

struct sqlite3;
struct sqlite3_stmt;

namespace eris::sqlite {

enum class Access { kReadWrite, kReadOnly };
// kExclusive: no other process looks at the database, which saves work at every commit.
enum class Sharing { kReaders, kExclusive };
// kOnDemand: the file can give free pages back to the file system, which costs a little at writes.
enum class Shrinking { kNever, kOnDemand };

struct Options {
  std::string path;
  std::string_view what;                         // "journal": for messages
  std::int32_t application_id = 0;               // in the file's header: tells our databases apart
  std::span<const std::string_view> migrations;  // [n] brings version n to n + 1
  Access access = Access::kReadWrite;
  Sharing sharing = Sharing::kReaders;
  Shrinking shrinking = Shrinking::kNever;
  std::uint32_t checkpoint_pages = 1000;  // small: the log is overwritten, not grown
};

// How much of a file holds something, and how much it could give back.
struct Space {
  std::int64_t used_bytes = 0;
  std::int64_t free_bytes = 0;
};

// Bytes, as opposed to text.
struct Blob {
  std::string_view bytes;
};

class Cursor;
class Transaction;

// A connection. Invariants: one read-write connection a file, guarded by a lock on PATH.lock
// (SQLite before 3.51.3 can corrupt a log that two connections checkpoint); after a failed
// transaction no other one begins.
class Database {
 public:
  // Read-write: makes file (0600) and directory (0700), applies what migrations are missing.
  // kUnavailable: locked; kInvalid: newer than this program, or another program's; kCorrupt.
  static Result<std::unique_ptr<Database>> Open(const Options& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements without results and parameters.
  Status Execute(std::string_view sql);
  std::int64_t changes() const;  // rows that the last statement changed
  Status Checkpoint();
  Result<Space> MeasureSpace();
  // Takes at most `bytes` of free pages out of the file, which gets shorter with the next
  // checkpoint that is not held up by a reader. Precondition: Shrinking::kOnDemand.
  Status Shrink(std::int64_t bytes);

  bool failed() const { return failed_; }
  const std::string& path() const { return path_; }
  // The last error of the library, seen at this database.
  Error LastError(std::string_view doing) const;

 private:
  friend class Statement;
  friend class Transaction;
  struct Closer {
    void operator()(sqlite3* db) const;
  };
  Database(std::string path, std::optional<FileLock> lock, sqlite3* db);
  Status Configure(const Options& options);
  Status CheckHeader(const Options& options, std::int64_t& version);
  Status Migrate(const Options& options, std::int64_t version);
  Status MakeShrinkable();
  Result<std::int64_t> Pragma(std::string_view sql);

  std::string path_;
  std::optional<FileLock> lock_;  // outlives the connection
  std::unique_ptr<sqlite3, Closer> db_;
  bool failed_ = false;
};

// A statement that is prepared at its first use and kept. A member of whoever owns the database,
// declared after it. A mistake in the SQL is an error of every use.
class Statement {
 public:
  // `sql` is a literal: it is not copied.
  Statement(Database& database, std::string_view sql) : database_(database), sql_(sql) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds ?1, ?2 … and runs to the end.
  template <typename... Values>
  Status Run(const Values&... values) {
    BindAll(values...);
    return Finish();
  }
  // Binds ?1, ?2 … and gives the rows. Text and blobs are borrowed until the cursor has gone; one
  // cursor of a statement at a time.
  template <typename... Values>
  Cursor Select(const Values&... values);

 private:
  friend class Cursor;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  bool Prepare();
  template <typename... Values>
  void BindAll(const Values&... values) {
    if (!Prepare()) return;
    int position = 0;
    (Bind(++position, values), ...);
  }
  template <typename T>
  void Bind(int position, const T& value) {
    if constexpr (std::is_same_v<T, Blob>) {
      BindBlob(position, value.bytes);
    } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
      BindInteger(position, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      BindText(position, value);
    } else {  // std::optional of one of them
      if (value) {
        Bind(position, *value);
      } else {
        BindNull(position);
      }
    }
  }
  void BindInteger(int position, std::int64_t value);
  void BindText(int position, std::string_view value);
  void BindBlob(int position, std::string_view value);
  void BindNull(int position);
  Status Finish();
  Result<bool> Step();
  void Reset();

  Database& database_;
  std::string_view sql_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;  // null: not used yet, or not valid
};

// The rows of a Select, one at a time. Views are valid until the next Next().
class Cursor {
 public:
  Cursor(Cursor&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  // False after the last row.
  Result<bool> Next() { return statement_->Step(); }
  bool IsNull(int column) const;
  std::int64_t Integer(int column) const;
  std::uint64_t Unsigned(int column) const { return static_cast<std::uint64_t>(Integer(column)); }
  std::string_view Text(int column) const;
  std::string_view Bytes(int column) const;

 private:
  friend class Statement;
  explicit Cursor(Statement* statement) : statement_(statement) {}
  Statement* statement_;
};

template <typename... Values>
Cursor Statement::Select(const Values&... values) {
  BindAll(values...);
  return Cursor(this);
}

// Calls `visit(row)` for each row until one fails.
template <typename Visit>
Status ForEachRow(Cursor rows, const Visit& visit) {
  while (true) {
    ERIS_ASSIGN(const bool found, rows.Next());
    if (!found) return {};
    ERIS_TRY(visit(std::as_const(rows)));
  }
}

// BEGIN IMMEDIATE … COMMIT. One that goes without a successful Commit rolls back and fails the
// database for good: whoever meant to append stops and recovers at the next start.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Synced when it succeeds.
  Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace eris::sqlite
