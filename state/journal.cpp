#include "state/journal.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "schema/base/digest.h"
#include "schema/codec/codec.h"
#include "state/internal/journal_projection.h"
#include "state/internal/journal_queries.h"
#include "state/internal/journal_retention.h"
#include "state/internal/migrations.h"
#include "state/internal/sqlite.h"

namespace eris {
namespace {

constexpr std::int32_t kJournalApplicationId = 0x4572694a;  // "EriJ"

// Whether the light form leaves something out.
bool HasBulk(const Event& event) {
  return std::holds_alternative<SubmissionAccepted>(event.body) ||
         std::holds_alternative<TransactionPlanned>(event.body);
}

tl::unexpected<Error> Missing(std::string message) {
  return Fail(ErrorCode::kNotFound, std::move(message));
}

}  // namespace

std::string DigestOf(const Submission& submission) {
  if (submission.author.empty()) return Hex(Sha256(Encode(submission)));
  Submission anonymous = submission;
  anonymous.author.clear();
  return Hex(Sha256(Encode(anonymous)));
}

class Journal::Storage {
 public:
  explicit Storage(std::unique_ptr<sqlite::Database> opened)
      : database(std::move(opened)),
        projection(*database),
        queries(*database),
        retention(*database),
        insert_event(*database,
                     "INSERT INTO event(sequence, at_ms, tx, kind, body) "
                     "VALUES (?1, ?2, ?3, ?4, ?5)"),
        insert_full(*database, "INSERT INTO event_full(sequence, body) VALUES (?1, ?2)") {}

  static Result<std::unique_ptr<Journal>> Open(const std::string& path, sqlite::Access access,
                                               Random* random);
  Status DrawId(Random& random);
  Status LoadPositions();
  Status AppendEvent(const Event& event);
  // The event, or a part of it, which the journal itself refers to.
  template <typename Part>
  Result<Part> Referenced(std::optional<EventSequence> sequence, std::string what,
                          Result<std::optional<Part>> (JournalQueries::*read)(EventSequence));
  Result<Event> Referenced(std::optional<EventSequence> sequence, std::string what) {
    return Referenced(sequence, std::move(what), &JournalQueries::FullEvent);
  }

  std::unique_ptr<sqlite::Database> database;
  JournalId id;
  EventSequence last_event;
  JournalProjection projection;
  JournalQueries queries;
  JournalRetention retention;
  sqlite::Statement insert_event;
  sqlite::Statement insert_full;
};

Result<std::unique_ptr<Journal>> Journal::Storage::Open(const std::string& path,
                                                        sqlite::Access access, Random* random) {
  ERIS_ASSIGN(std::unique_ptr<sqlite::Database> database,
              sqlite::Database::Open({.path = path,
                                      .what = "journal",
                                      .application_id = kJournalApplicationId,
                                      .migrations = JournalMigrations(),
                                      .access = access,
                                      .shrinking = sqlite::Shrinking::kOnDemand}));
  auto storage = std::make_unique<Storage>(std::move(database));
  if (random != nullptr) ERIS_TRY(storage->DrawId(*random));
  ERIS_TRY(storage->LoadPositions());
  return std::unique_ptr<Journal>(new Journal(std::move(storage)));
}

Status Journal::Storage::DrawId(Random& random) {
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*database));
  sqlite::Statement insert(*database,
                           "INSERT INTO meta(one, journal) VALUES (1, ?1) ON CONFLICT DO NOTHING");
  std::uint64_t drawn = 0;
  while (drawn == 0) drawn = random.NextU64();  // 0 means "none"
  ERIS_TRY(insert.Run(drawn));
  return transaction.Commit();
}

Status Journal::Storage::LoadPositions() {
  ERIS_ASSIGN(const JournalHead head, queries.Head());
  id = head.journal;
  last_event = head.last_event;
  return {};
}

Status Journal::Storage::AppendEvent(const Event& event) {
  if (event.sequence.value != last_event.value + 1) {
    return Fail(ErrorCode::kInternal,
                fmt::format("{}: event {} does not follow event {}", database->path(),
                            event.sequence.value, last_event.value));
  }
  last_event = event.sequence;
  ERIS_TRY(insert_event.Run(event.sequence.value, event.at.ms, event.transaction.value,
                            event.body.index() + 1, sqlite::Blob{EncodeLight(event)}));
  if (HasBulk(event)) {
    ERIS_TRY(insert_full.Run(event.sequence.value, sqlite::Blob{Encode(event)}));
  }
  return projection.Apply(event);
}

template <typename Part>
Result<Part> Journal::Storage::Referenced(
    std::optional<EventSequence> sequence, std::string what,
    Result<std::optional<Part>> (JournalQueries::*read)(EventSequence)) {
  if (!sequence) return Missing(std::move(what));
  ERIS_ASSIGN(std::optional<Part> part, (queries.*read)(*sequence));
  if (!part) {
    return Fail(ErrorCode::kCorrupt,
                fmt::format("{}: event {} is gone but needed", database->path(), sequence->value));
  }
  return std::move(*part);
}

// ---- Journal ----

Journal::Journal(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::Open(const std::string& path, Random& random) {
  return Storage::Open(path, sqlite::Access::kReadWrite, &random);
}

Result<std::unique_ptr<Journal>> Journal::OpenReadOnly(const std::string& path) {
  return Storage::Open(path, sqlite::Access::kReadOnly, nullptr);
}

JournalId Journal::id() const { return storage_->id; }

Status Journal::Append(std::span<const Event> events) {
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*storage_->database));
  for (const Event& event : events) ERIS_TRY(storage_->AppendEvent(event));
  ERIS_TRY(storage_->projection.Flush());
  return transaction.Commit();
}

Result<JournalHead> Journal::LoadHead() { return storage_->queries.Head(); }

Status Journal::ReplayOpen(const Visitor& visit) {
  return storage_->queries.ReplayUnfinished(visit);
}

Status Journal::Replay(EventSequence from, const Visitor& visit) {
  return storage_->queries.Replay(from, visit);
}

Result<std::vector<Event>> Journal::ReadEvents(const EventFilter& filter) {
  return storage_->queries.Events(filter);
}

Result<Event> Journal::ReadEvent(EventSequence sequence) {
  ERIS_ASSIGN(std::optional<Event> event, storage_->queries.FullEvent(sequence));
  if (!event) return Missing(fmt::format("the journal has no event {}", sequence.value));
  return std::move(*event);
}

Result<Manifest> Journal::LoadManifest(const ProfileName& profile, GenerationNumber generation) {
  ERIS_ASSIGN(const std::optional<EventSequence> planned,
              storage_->queries.PlannedEvent(profile, generation));
  std::string what = fmt::format("profile {} has no generation", profile.text);
  if (generation) what += fmt::format(" {}", generation.value);
  return storage_->Referenced(planned, std::move(what), &JournalQueries::PlannedManifest);
}

Result<std::vector<GenerationInfo>> Journal::LoadGenerations(const ProfileName& profile) {
  return storage_->queries.Generations(profile);
}

Result<Submission> Journal::LoadSubmission(TransactionId transaction) {
  ERIS_ASSIGN(const std::optional<EventSequence> first, storage_->queries.FirstEvent(transaction));
  ERIS_ASSIGN(Event event,
              storage_->Referenced(first, fmt::format("the journal has no transaction {} any more",
                                                      transaction.value)));
  return std::move(std::get<SubmissionAccepted>(event.body).submission);
}

Result<Plan> Journal::LoadPlan(TransactionId transaction) {
  ERIS_ASSIGN(const std::optional<EventSequence> planned,
              storage_->queries.PlannedEvent(transaction));
  ERIS_ASSIGN(Event event, storage_->Referenced(planned, fmt::format("transaction {} has no plan",
                                                                     transaction.value)));
  return std::move(std::get<TransactionPlanned>(event.body).plan);
}

Result<std::optional<JournaledSubmission>> Journal::FindSubmission(const SubmissionId& id) {
  return storage_->queries.FindSubmission(id);
}

Result<std::vector<TransactionStatus>> Journal::LoadTransactions(const TransactionFilter& filter) {
  return storage_->queries.Transactions(filter);
}

Result<TransactionStatus> Journal::LoadTransaction(TransactionId transaction) {
  ERIS_ASSIGN(std::optional<TransactionStatus> status, storage_->queries.Transaction(transaction));
  if (!status) return Missing(fmt::format("there is no transaction {}", transaction.value));
  return std::move(*status);
}

Result<std::vector<ItemSettled>> Journal::LoadOutcomes(TransactionId transaction,
                                                       std::optional<ItemIndex> item) {
  return storage_->queries.Outcomes(transaction, item);
}

Result<std::uint32_t> Journal::Prune(const Retention& retention) {
  ERIS_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::Begin(*storage_->database));
  ERIS_ASSIGN(const std::uint32_t pruned, storage_->retention.Prune(retention));
  ERIS_TRY(transaction.Commit());
  return pruned;
}

Result<std::int64_t> Journal::UsedBytes() {
  ERIS_ASSIGN(const sqlite::Space space, storage_->database->MeasureSpace());
  return space.used_bytes;
}

Result<std::int64_t> Journal::GiveBack(std::int64_t bytes) {
  if (bytes > 0) ERIS_TRY(storage_->database->Shrink(bytes));
  ERIS_ASSIGN(const sqlite::Space space, storage_->database->MeasureSpace());
  return space.free_bytes;
}

Status Journal::Checkpoint() { return storage_->database->Checkpoint(); }

}  // namespace eris
