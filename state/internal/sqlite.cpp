#include "state/internal/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "schema/base/check.h"
#include "schema/base/system_error.h"
#include "schema/base/unique_fd.h"

namespace eris::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // a reader may hold up a change of the header

ErrorCode CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

Error ErrorOf(sqlite3* db, const std::string& path, std::string_view doing) {
  const int result = sqlite3_extended_errcode(db);
  Error error{CodeOf(result),
              fmt::format("{}: {}: {} (SQLite error {})", path, doing, sqlite3_errmsg(db), result),
              {}};
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error.fix = "Put the file aside and restore it from a backup";
      break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
      error.fix = "Check the disk's free space and health, then start again";
      break;
    default:
      break;
  }
  return error;
}

// SQLite would make the file with the umask's mode; its companions inherit what it finds.
Status MakeFile(const std::string& path) {
  ERIS_TRY(MakeDirectories(DirectoryOf(path), 0700));
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return Fail(SystemError(errno, "cannot make " + path));
  return {};
}

Result<std::optional<FileLock>> LockFor(const Options& options) {
  if (options.access == Access::kReadOnly) return std::optional<FileLock>{};
  ERIS_TRY(MakeDirectories(DirectoryOf(options.path), 0700));
  Result<FileLock> lock = FileLock::TryAcquire(options.path + ".lock");
  if (!lock && lock.error().code == ErrorCode::kConflict) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: this {} is in use by another process", options.path, options.what),
                "Stop that process, or use another state directory");
  }
  ERIS_ASSIGN(FileLock held, std::move(lock));
  ERIS_TRY(MakeFile(options.path));
  return std::optional<FileLock>(std::move(held));
}

}  // namespace

// ---- Database ----

void Database::Closer::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Database::Database(std::string path, std::optional<FileLock> lock, sqlite3* db)
    : path_(std::move(path)), lock_(std::move(lock)), db_(db) {}

Result<std::unique_ptr<Database>> Database::Open(const Options& options) {
  // Nobody asks how much memory the library has, and counting it takes a lock at each allocation.
  // Refused, and without effect, once the library is in use.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  ERIS_ASSIGN(std::optional<FileLock> lock, LockFor(options));
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (options.access == Access::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(options.path.c_str(), &raw, flags, nullptr);
  ERIS_CHECK(raw != nullptr, "SQLite gives a connection unless memory is exhausted");
  std::unique_ptr<Database> database(new Database(options.path, std::move(lock), raw));
  if (result != SQLITE_OK) return Fail(database->LastError("cannot open"));
  std::int64_t version = 0;
  ERIS_TRY(database->CheckHeader(options, version));
  ERIS_TRY(database->Configure(options));
  if (options.access == Access::kReadOnly) return database;
  ERIS_TRY(database->Migrate(options, version));
  if (options.shrinking == Shrinking::kOnDemand) ERIS_TRY(database->MakeShrinkable());
  return database;
}

// Before anything is changed: a file that is not ours is left as it is.
Status Database::CheckHeader(const Options& options, std::int64_t& version) {
  sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
  ERIS_ASSIGN(const std::int64_t application, Pragma("PRAGMA application_id"));
  ERIS_ASSIGN(version, Pragma("PRAGMA user_version"));
  ERIS_ASSIGN(const std::int64_t tables, Pragma("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = application == 0 && version == 0 && tables == 0;
  if (application != options.application_id && !(fresh && options.access == Access::kReadWrite)) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: this file is not a {} of Eris", path_, options.what),
                "Move it away, or use another state directory");
  }
  const auto known = static_cast<std::int64_t>(options.migrations.size());
  if (version > known) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: this {} has format {}, written by a newer Eris; this one knows "
                            "formats up to {}",
                            path_, options.what, version, known),
                "Install the newer Eris again, or restore a backup made before the upgrade");
  }
  if (options.access == Access::kReadOnly && version < known) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: this {} has the old format {}", path_, options.what, version),
                "Start the program that owns it once: it brings the file up to date");
  }
  return {};
}

Status Database::Configure(const Options& options) {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  ERIS_TRY(
      Execute("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;"
              "PRAGMA cache_size=-65536; PRAGMA synchronous=FULL;"));
  if (options.access == Access::kReadOnly) return {};
  if (options.sharing == Sharing::kExclusive) ERIS_TRY(Execute("PRAGMA locking_mode=EXCLUSIVE"));
  // In a new file: later it would have to be written anew as a whole.
  if (options.shrinking == Shrinking::kOnDemand)
    ERIS_TRY(Execute("PRAGMA auto_vacuum=INCREMENTAL"));
  ERIS_TRY(Execute("PRAGMA journal_mode=WAL"));
  if (sqlite3_wal_autocheckpoint(db_.get(), static_cast<int>(options.checkpoint_pages)) !=
      SQLITE_OK) {
    return Fail(LastError("cannot set the checkpoint interval"));
  }
  return {};
}

Status Database::Migrate(const Options& options, std::int64_t version) {
  for (auto n = static_cast<std::size_t>(version); n < options.migrations.size(); ++n) {
    ERIS_ASSIGN(Transaction transaction, Transaction::Begin(*this));
    ERIS_TRY(Execute(options.migrations[n]));
    ERIS_TRY(Execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                 options.application_id, n + 1)));
    ERIS_TRY(transaction.Commit());
  }
  return {};
}

// Of a file that was made without: once, in a transaction of its own.
Status Database::MakeShrinkable() {
  constexpr std::int64_t kIncremental = 2;
  ERIS_ASSIGN(const std::int64_t mode, Pragma("PRAGMA auto_vacuum"));
  if (mode == kIncremental) return {};
  return Execute(
      "PRAGMA temp_store=FILE; PRAGMA auto_vacuum=INCREMENTAL; VACUUM; PRAGMA temp_store=MEMORY");
}

Result<Space> Database::MeasureSpace() {
  ERIS_ASSIGN(const std::int64_t page, Pragma("PRAGMA page_size"));
  ERIS_ASSIGN(const std::int64_t pages, Pragma("PRAGMA page_count"));
  ERIS_ASSIGN(const std::int64_t free, Pragma("PRAGMA freelist_count"));
  return Space{.used_bytes = (pages - free) * page, .free_bytes = free * page};
}

Status Database::Shrink(std::int64_t bytes) {
  ERIS_ASSIGN(const std::int64_t page, Pragma("PRAGMA page_size"));
  return Execute(fmt::format("PRAGMA incremental_vacuum({})", std::max(bytes / page, INT64_C(1))));
}

Result<std::int64_t> Database::Pragma(std::string_view sql) {
  Statement statement(*this, sql);
  Cursor rows = statement.Select();
  ERIS_ASSIGN(const bool found, rows.Next());
  return found ? rows.Integer(0) : 0;
}

Status Database::Execute(std::string_view sql) {
  if (sqlite3_exec(db_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return Fail(LastError("cannot execute a statement"));
  }
  return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }

Status Database::Checkpoint() {
  const int result =
      sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result != SQLITE_OK && result != SQLITE_BUSY) return Fail(LastError("cannot checkpoint"));
  return {};
}

Error Database::LastError(std::string_view doing) const { return ErrorOf(db_.get(), path_, doing); }

// ---- Statement ----

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

bool Statement::Prepare() {
  if (statement_) return true;
  sqlite3_stmt* prepared = nullptr;
  sqlite3_prepare_v3(database_.db_.get(), sql_.data(), static_cast<int>(sql_.size()),
                     SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  statement_.reset(prepared);
  return statement_ != nullptr;
}

// Positions are fixed by literal SQL and sizes limited by the codec: a failed binding is a bug.
void Statement::BindInteger(int position, std::int64_t value) {
  const int result = sqlite3_bind_int64(statement_.get(), position, value);
  ERIS_CHECK(result == SQLITE_OK, "the statement has this parameter");
}

void Statement::BindText(int position, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // a null pointer would bind null
  const int result = sqlite3_bind_text64(statement_.get(), position, data, value.size(),
                                         SQLITE_STATIC, SQLITE_UTF8);
  ERIS_CHECK(result == SQLITE_OK, "the statement has this parameter and the text fits");
}

void Statement::BindBlob(int position, std::string_view value) {
  const char* data = value.empty() ? "" : value.data();  // a null pointer would bind null
  const int result =
      sqlite3_bind_blob64(statement_.get(), position, data, value.size(), SQLITE_STATIC);
  ERIS_CHECK(result == SQLITE_OK, "the statement has this parameter and the blob fits");
}

void Statement::BindNull(int position) {
  const int result = sqlite3_bind_null(statement_.get(), position);
  ERIS_CHECK(result == SQLITE_OK, "the statement has this parameter");
}

Result<bool> Statement::Step() {
  if (!statement_) return Fail(database_.LastError("cannot prepare a statement"));
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return Fail(database_.LastError("cannot run a statement"));
}

Status Statement::Finish() {
  Result<bool> stepped = Step();
  Reset();
  ERIS_TRY(stepped);
  return {};
}

void Statement::Reset() {
  if (!statement_) return;
  sqlite3_reset(statement_.get());  // repeats the error of the step, which was reported
  sqlite3_clear_bindings(statement_.get());
}

// ---- Cursor ----

Cursor::~Cursor() {
  if (statement_ != nullptr) statement_->Reset();
}

bool Cursor::IsNull(int column) const {
  return sqlite3_column_type(statement_->statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Cursor::Integer(int column) const {
  return sqlite3_column_int64(statement_->statement_.get(), column);
}

std::string_view Cursor::Text(int column) const { return Bytes(column); }

std::string_view Cursor::Bytes(int column) const {
  sqlite3_stmt* statement = statement_->statement_.get();
  const void* data = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return {static_cast<const char*>(data), data == nullptr ? 0 : static_cast<std::size_t>(size)};
}

// ---- Transaction ----

Result<Transaction> Transaction::Begin(Database& database) {
  if (database.failed_) {
    return Fail(ErrorCode::kInternal, database.path_ + ": an earlier write failed",
                "Start again: what was synced is recovered");
  }
  Transaction transaction(&database);  // a begin that fails is as bad as a commit that does
  ERIS_TRY(database.Execute("BEGIN IMMEDIATE"));
  return transaction;
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  database_->failed_ = true;
  sqlite3_exec(database_->db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::Commit() {
  ERIS_TRY(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace eris::sqlite
