#include "state/ledger.h"

#include <utility>
#include <variant>

#include "state/internal/ledger_tables.h"
#include "state/internal/migrations.h"
#include "state/internal/sqlite.h"

namespace eris {
namespace {

constexpr std::int32_t kLedgerApplicationId = 0x4572694c;  // "EriL"

}  // namespace

class Ledger::Storage {
 public:
  explicit Storage(std::unique_ptr<sqlite::Database> opened)
      : database(std::move(opened)), tables(*database) {}

  std::unique_ptr<sqlite::Database> database;
  LedgerId id;
  std::uint64_t start = 0;
  LedgerTables tables;
};

Ledger::Ledger(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::Open(const std::string& path, Random& random) {
  ERIS_ASSIGN(std::unique_ptr<sqlite::Database> database,
              sqlite::Database::Open({.path = path,
                                      .what = "ledger",
                                      .application_id = kLedgerApplicationId,
                                      .migrations = LedgerMigrations(),
                                      .sharing = sqlite::Sharing::kExclusive}));
  auto storage = std::make_unique<Storage>(std::move(database));
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*storage->database));
  ERIS_ASSIGN(storage->id, storage->tables.DrawId(random));
  ERIS_ASSIGN(storage->start, storage->tables.CountStart());
  ERIS_TRY(transaction.Commit());
  ERIS_TRY(storage->tables.FindRows());
  return std::unique_ptr<Ledger>(new Ledger(std::move(storage)));
}

LedgerId Ledger::id() const { return storage_->id; }

std::uint64_t Ledger::start() const { return storage_->start; }

Status Ledger::Append(std::span<const LedgerRecord> records) {
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*storage_->database));
  for (const LedgerRecord& record : records) ERIS_TRY(storage_->tables.Write(record));
  ERIS_TRY(storage_->tables.FinishWrites());
  return transaction.Commit();
}

Result<LedgerState> Ledger::Load() { return storage_->tables.Read(); }

Status Ledger::Checkpoint() { return storage_->database->Checkpoint(); }

}  // namespace eris
