#include "state/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "state/internal/migrations.h"
#include "state/internal/sqlite.h"

namespace eris {
namespace {

constexpr std::int32_t kSpoolApplicationId = 0x45726953;  // "EriS"
constexpr std::uint32_t kCheckpointPages = 4000;          // rows are large here

}  // namespace

class Spool::Storage {
 public:
  explicit Storage(std::unique_ptr<sqlite::Database> opened)
      : database(std::move(opened)),
        restart(*database, "DELETE FROM submission WHERE id = ?1"),
        begin(*database,
              "INSERT INTO submission(id, author, sha256, total_bytes) VALUES (?1, ?2, ?3, ?4)"),
        count(*database, "UPDATE submission SET stored_bytes = stored_bytes + ?2 WHERE id = ?1"),
        insert_chunk(*database,
                     "INSERT INTO chunk(submission, first_byte, bytes) "
                     "VALUES ((SELECT number FROM submission WHERE id = ?1), ?2, ?3)"),
        accept(*database,
               "UPDATE submission SET standing = 1, sha256 = ?2, author = ?3, "
               "accepted = (SELECT coalesce(max(accepted), 0) + 1 FROM submission) WHERE id = ?1"),
        drop_content(*database,
                     "DELETE FROM chunk WHERE submission = "
                     "(SELECT number FROM submission WHERE id = ?1)"),
        take(*database,
             "UPDATE submission SET standing = 2, stored_bytes = 0, tx = ?2, refused = ?3 "
             "WHERE id = ?1"),
        forget(*database, "DELETE FROM submission WHERE id = ?1"),
        serve(*database, "INSERT OR REPLACE INTO planner(journal, epoch) VALUES (?1, ?2)"),
        planners(*database, "SELECT journal, epoch FROM planner"),
        know(*database,
             "INSERT OR REPLACE INTO ledger(queue, ledger, public_key) VALUES (?1, ?2, ?3)"),
        forget_ledger(*database, "DELETE FROM ledger WHERE queue = ?1"),
        ledgers(*database, "SELECT queue, ledger, public_key FROM ledger"),
        content(*database,
                "SELECT id, author, sha256, total_bytes, stored_bytes, standing, tx, refused "
                "FROM submission ORDER BY accepted NULLS LAST, number"),
        read(*database,
             "SELECT first_byte, bytes FROM chunk "
             "WHERE submission = (SELECT number FROM submission WHERE id = ?1) AND first_byte >= "
             "(SELECT max(first_byte) FROM chunk WHERE submission = "
             "(SELECT number FROM submission WHERE id = ?1) AND first_byte <= ?2) "
             "AND first_byte < ?3 ORDER BY first_byte"),
        exists(*database, "SELECT 1 FROM submission WHERE id = ?1 AND standing < 2") {}

  Status Put(const SpoolChunk& record);
  Status Put(const SpoolAccepted& record);
  Status Put(const SpoolTaken& record);
  Status Put(const SpoolForgotten& record);
  Status Put(const SpoolPlanner& record);
  Status Put(const SpoolLedger& record);
  Status CheckHasContent(const SubmissionId& id);

  std::unique_ptr<sqlite::Database> database;
  sqlite::Statement restart;
  sqlite::Statement begin;
  sqlite::Statement count;
  sqlite::Statement insert_chunk;
  sqlite::Statement accept;
  sqlite::Statement drop_content;
  sqlite::Statement take;
  sqlite::Statement forget;
  sqlite::Statement serve;
  sqlite::Statement planners;
  sqlite::Statement know;
  sqlite::Statement forget_ledger;
  sqlite::Statement ledgers;
  sqlite::Statement content;
  sqlite::Statement read;
  sqlite::Statement exists;
};

Status Spool::Storage::Put(const SpoolChunk& record) {
  const SubmitChunk& chunk = record.chunk;
  if (chunk.offset == 0) {
    ERIS_TRY(restart.Run(chunk.id.text));
    ERIS_TRY(begin.Run(chunk.id.text, record.author, chunk.sha256, chunk.total_bytes));
  }
  ERIS_TRY(insert_chunk.Run(chunk.id.text, chunk.offset, sqlite::Blob{chunk.bytes}));
  return count.Run(chunk.id.text, chunk.bytes.size());
}

Status Spool::Storage::Put(const SpoolAccepted& record) {
  return accept.Run(record.id.text, record.sha256, record.author);
}

Status Spool::Storage::Put(const SpoolTaken& record) {
  ERIS_TRY(drop_content.Run(record.id.text));
  return take.Run(record.id.text, record.transaction.value, record.refused);
}

Status Spool::Storage::Put(const SpoolForgotten& record) { return forget.Run(record.id.text); }

Status Spool::Storage::Put(const SpoolPlanner& record) {
  return serve.Run(record.journal.value, record.epoch.value);
}

Status Spool::Storage::Put(const SpoolLedger& record) {
  if (!record.ledger) return forget_ledger.Run(record.queue);
  return know.Run(record.queue, record.ledger.value, record.public_key);
}

Status Spool::Storage::CheckHasContent(const SubmissionId& id) {
  sqlite::Cursor rows = exists.Select(id.text);
  ERIS_ASSIGN(const bool found, rows.Next());
  if (!found) {
    return Fail(ErrorCode::kNotFound, fmt::format("the spool has no submission {}", id.text));
  }
  return {};
}

Spool::Spool(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::Open(const std::string& path) {
  ERIS_ASSIGN(std::unique_ptr<sqlite::Database> database,
              sqlite::Database::Open({.path = path,
                                      .what = "spool",
                                      .application_id = kSpoolApplicationId,
                                      .migrations = SpoolMigrations(),
                                      .sharing = sqlite::Sharing::kExclusive,
                                      .checkpoint_pages = kCheckpointPages}));
  return std::unique_ptr<Spool>(new Spool(std::make_unique<Storage>(std::move(database))));
}

Status Spool::Append(std::span<const SpoolRecord> records) {
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*storage_->database));
  for (const SpoolRecord& record : records) {
    ERIS_TRY(std::visit([this](const auto& value) { return storage_->Put(value); }, record));
  }
  return transaction.Commit();
}

Result<SpoolContent> Spool::Load() {
  SpoolContent content;
  ERIS_TRY(sqlite::ForEachRow(storage_->content.Select(), [&](const sqlite::Cursor& row) -> Status {
    content.push_back({.id = SubmissionId(std::string(row.Text(0))),
                       .author = std::string(row.Text(1)),
                       .sha256 = std::string(row.Text(2)),
                       .total_bytes = row.Unsigned(3),
                       .stored_bytes = row.Unsigned(4),
                       .standing = static_cast<SpooledSubmission::Standing>(row.Integer(5)),
                       .transaction = {row.Unsigned(6)},
                       .refused = std::string(row.Text(7))});
    return {};
  }));
  return content;
}

Result<ServedPlanners> Spool::LoadPlanners() {
  ServedPlanners planners;
  ERIS_TRY(
      sqlite::ForEachRow(storage_->planners.Select(), [&](const sqlite::Cursor& row) -> Status {
        planners[{row.Unsigned(0)}] = {row.Unsigned(1)};
        return {};
      }));
  return planners;
}

Result<KnownLedgers> Spool::LoadLedgers() {
  KnownLedgers known;
  ERIS_TRY(sqlite::ForEachRow(storage_->ledgers.Select(), [&](const sqlite::Cursor& row) -> Status {
    const std::string queue(row.Text(0));
    known[queue] = {queue, {row.Unsigned(1)}, std::string(row.Text(2))};
    return {};
  }));
  return known;
}

Result<std::string> Spool::ReadContent(const SubmissionId& id, std::uint64_t offset,
                                       std::size_t max_bytes) {
  ERIS_TRY(storage_->CheckHasContent(id));
  std::string bytes;
  ERIS_TRY(sqlite::ForEachRow(storage_->read.Select(id.text, offset, offset + max_bytes),
                              [&](const sqlite::Cursor& row) -> Status {
                                const std::uint64_t first = row.Unsigned(0);
                                std::string_view chunk = row.Bytes(1);
                                const std::uint64_t skip = offset > first ? offset - first : 0;
                                chunk.remove_prefix(std::min<std::size_t>(skip, chunk.size()));
                                bytes += chunk.substr(0, max_bytes - bytes.size());
                                return {};
                              }));
  return bytes;
}

Status Spool::Checkpoint() { return storage_->database->Checkpoint(); }

}  // namespace eris
