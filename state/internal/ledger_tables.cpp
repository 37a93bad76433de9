#include "state/internal/ledger_tables.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "schema/codec/codec.h"

namespace eris {
namespace {

// Of a row that begins with journal, tx, idx, direction, attempt.
ItemId ReadId(const sqlite::Cursor& row) {
  return {.step = {.journal = {row.Unsigned(0)},
                   .transaction = {row.Unsigned(1)},
                   .index = {static_cast<std::uint32_t>(row.Integer(2))}},
          .grade = {.direction = static_cast<Direction>(row.Integer(3)),
                    .attempt = static_cast<std::uint16_t>(row.Integer(4))}};
}

// Of a row that begins with profile, container, service, digest.
MappingKey ReadKey(const sqlite::Cursor& row) {
  return {.profile = ProfileName(std::string(row.Text(0))),
          .container = ContainerName(std::string(row.Text(1))),
          .service = ServiceKey(std::string(row.Text(2))),
          .digest = std::string(row.Text(3))};
}

}  // namespace

LedgerTables::LedgerTables(sqlite::Database& database)
    : database_(database),
      set_epoch_(database, "UPDATE meta SET epoch = ?1, event = max(event, ?2)"),
      forget_other_journal_(
          database,
          "UPDATE meta SET epoch = 0, event = 0, low_water = 0 WHERE journal NOT IN (0, ?1)"),
      forget_other_bodies_(database,
                           "DELETE FROM body WHERE (SELECT journal FROM meta) NOT IN (0, ?1) "
                           "AND id IN (SELECT body FROM attempt)"),
      forget_other_steps_(database,
                          "DELETE FROM attempt WHERE (SELECT journal FROM meta) NOT IN (0, ?1)"),
      forget_other_lease_(database,
                          "DELETE FROM lease WHERE (SELECT journal FROM meta) NOT IN (0, ?1)"),
      set_journal_(database, "UPDATE meta SET journal = ?1"),
      set_low_water_(database, "UPDATE meta SET low_water = max(low_water, ?1)"),
      forget_steps_(database,
                    "DELETE FROM attempt WHERE tx < (SELECT low_water FROM meta) AND body IS NULL"),
      insert_body_(database, "INSERT INTO body(id, bytes) VALUES (?1, ?2)"),
      delete_body_(database, "DELETE FROM body WHERE id = ?1"),
      start_(database,
             "INSERT INTO attempt(tx, idx, direction, attempt, journal, body_hash, directory, body)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      settle_(database,
              "INSERT INTO attempt(tx, idx, direction, attempt, journal, body_hash, directory, "
              "outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', ?7) ON CONFLICT DO UPDATE SET "
              "body_hash = ?6, body = NULL, outcome = ?7"),
      acknowledge_(database,
                   "UPDATE attempt SET acknowledged = 1 "
                   "WHERE tx = ?1 AND idx = ?2 AND direction = ?3 AND attempt = ?4"),
      grant_(database,
             "INSERT OR REPLACE INTO lease(one, tx, profile, expires_ms, standing) "
             "VALUES (1, ?1, ?2, ?3, 0)"),
      confirm_(database, "UPDATE lease SET standing = 1 WHERE tx = ?1"),
      release_(database, "DELETE FROM lease WHERE tx = ?1"),
      insert_mapping_(database,
                      "INSERT INTO mapping(id, profile, container, service, digest, service_name, "
                      "package, state, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      update_mapping_(database,
                      "UPDATE mapping SET service_name = ?2, package = ?3, state = ?4, body = ?5 "
                      "WHERE id = ?1"),
      delete_mapping_(database, "DELETE FROM mapping WHERE id = ?1"),
      add_root_(database, "INSERT INTO root(tx, path) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
      drop_roots_(database, "DELETE FROM root WHERE tx = ?1"),
      lock_(database,
            "INSERT OR REPLACE INTO may_be_locked(container, component, tx) VALUES (?1, ?2, ?3)"),
      unlock_(database, "DELETE FROM may_be_locked WHERE container = ?1 AND component = ?2") {}

Result<LedgerId> LedgerTables::DrawId(Random& random) {
  std::uint64_t drawn = 0;
  while (drawn == 0) drawn = random.NextU64();  // 0 means "none"
  sqlite::Statement insert(database_,
                           "INSERT INTO meta(one, ledger) VALUES (1, ?1) ON CONFLICT DO NOTHING");
  ERIS_TRY(insert.Run(drawn));
  sqlite::Statement select(database_, "SELECT ledger FROM meta");
  sqlite::Cursor row = select.Select();
  ERIS_ASSIGN(const bool found, row.Next());
  if (!found) return Fail(ErrorCode::kCorrupt, database_.path() + ": the ledger has lost its id");
  return LedgerId{row.Unsigned(0)};
}

Result<std::uint64_t> LedgerTables::CountStart() {
  sqlite::Statement count(database_, "UPDATE meta SET starts = starts + 1");
  ERIS_TRY(count.Run());
  sqlite::Statement select(database_, "SELECT starts FROM meta");
  std::uint64_t starts = 0;
  ERIS_TRY(sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    starts = row.Unsigned(0);
    return {};
  }));
  return starts;
}

// ---- write ----

Status LedgerTables::Write(const LedgerRecord& record) {
  return std::visit([this](const auto& value) { return Put(value); }, record);
}

Status LedgerTables::Put(const EpochSeen& seen) {
  return set_epoch_.Run(seen.epoch.value, seen.event.value);
}

Status LedgerTables::Put(const JournalBound& bound) {
  ERIS_TRY(forget_other_bodies_.Run(bound.journal.value));
  ERIS_TRY(forget_other_steps_.Run(bound.journal.value));
  if (database_.changes() > 0) open_bodies_.clear();
  ERIS_TRY(forget_other_lease_.Run(bound.journal.value));
  ERIS_TRY(forget_other_journal_.Run(bound.journal.value));
  return set_journal_.Run(bound.journal.value);
}

Status LedgerTables::Put(const LowWaterRaised& raised) {
  ERIS_TRY(set_low_water_.Run(raised.low_water.value));
  return forget_steps_.Run();
}

Status LedgerTables::Put(const StepStarted& started) {
  const auto& [step, grade] = started.id;
  std::string bytes = Encode(*started.body);
  ERIS_ASSIGN(const std::int64_t body, InsertBody(bytes));
  open_bodies_.insert_or_assign(started.id, Body{body, std::move(bytes)});
  return start_.Run(step.transaction.value, step.index.value, grade.direction, grade.attempt,
                    step.journal.value, started.body_hash, started.attempt, body);
}

Status LedgerTables::Put(const StepSettled& settled) {
  const auto& [step, grade] = settled.id;
  if (auto open = open_bodies_.extract(settled.id)) released_.push_back(std::move(open.mapped()));
  return settle_.Run(step.transaction.value, step.index.value, grade.direction, grade.attempt,
                     step.journal.value, settled.body_hash, sqlite::Blob{Encode(settled.outcome)});
}

Status LedgerTables::Put(const OutcomeAcknowledged& acknowledged) {
  const auto& [step, grade] = acknowledged.id;
  return acknowledge_.Run(step.transaction.value, step.index.value, grade.direction, grade.attempt);
}

Status LedgerTables::Put(const LeaseGranted& granted) {
  return grant_.Run(granted.transaction.value, granted.profile.text, granted.expires.ms);
}

Status LedgerTables::Put(const LeaseConfirmed& confirmed) {
  return confirm_.Run(confirmed.transaction.value);
}

Status LedgerTables::Put(const LeaseReleased& released) {
  return release_.Run(released.transaction.value);
}

Status LedgerTables::Put(const MappingActivated& activated) {
  const ActiveMapping& mapping = activated.mapping;
  ERIS_ASSIGN(const std::int64_t body,
              TakeBody(Encode(ItemBody(ActivateItem{activated.activity}))));
  const auto [entry, is_new] = mappings_.try_emplace(KeyOf(activated.profile, mapping));
  MappingRow& row = entry->second;
  const std::int64_t old_body = std::exchange(row.body, body);
  if (is_new) {
    row.id = ++last_mapping_;
    return insert_mapping_.Run(row.id, activated.profile.text, mapping.container.text,
                               mapping.service.text, mapping.digest, mapping.service_name.text,
                               mapping.package.text, mapping.state, body);
  }
  ERIS_TRY(delete_body_.Run(old_body));
  return update_mapping_.Run(row.id, mapping.service_name.text, mapping.package.text, mapping.state,
                             body);
}

Status LedgerTables::Put(const MappingDeactivated& deactivated) {
  const auto found = mappings_.find(KeyOf(deactivated.profile, deactivated.mapping));
  if (found == mappings_.end()) return {};
  const MappingRow row = found->second;
  mappings_.erase(found);
  ERIS_TRY(delete_body_.Run(row.body));
  return delete_mapping_.Run(row.id);
}

Result<std::int64_t> LedgerTables::InsertBody(std::string_view bytes) {
  ERIS_TRY(insert_body_.Run(++last_body_, sqlite::Blob{bytes}));
  return last_body_;
}

Result<std::int64_t> LedgerTables::TakeBody(std::string_view bytes) {
  const auto same = std::find_if(released_.rbegin(), released_.rend(),
                                 [bytes](const Body& body) { return body.bytes == bytes; });
  if (same == released_.rend()) return InsertBody(bytes);
  const std::int64_t id = same->id;
  released_.erase(std::next(same).base());
  return id;
}

Status LedgerTables::FinishWrites() {
  for (const Body& body : std::exchange(released_, {})) ERIS_TRY(delete_body_.Run(body.id));
  return {};
}

Status LedgerTables::Put(const RootsAdded& added) {
  for (const StorePath& path : added.paths) {
    ERIS_TRY(add_root_.Run(added.transaction.value, path.text));
  }
  return {};
}

Status LedgerTables::Put(const RootsDropped& dropped) {
  return drop_roots_.Run(dropped.transaction.value);
}

Status LedgerTables::Put(const ComponentMayBeLocked& locked) {
  return lock_.Run(locked.container.text, locked.component.text, locked.transaction.value);
}

Status LedgerTables::Put(const ComponentUnlocked& unlocked) {
  return unlock_.Run(unlocked.container.text, unlocked.component.text);
}

// ---- read ----

Status LedgerTables::FindRows() {
  sqlite::Statement mappings(database_,
                             "SELECT profile, container, service, digest, id, body FROM mapping");
  ERIS_TRY(sqlite::ForEachRow(mappings.Select(), [&](const sqlite::Cursor& row) -> Status {
    mappings_[ReadKey(row)] = {.id = row.Integer(4), .body = row.Integer(5)};
    last_mapping_ = std::max(last_mapping_, row.Integer(4));
    return {};
  }));
  sqlite::Statement open(database_,
                         "SELECT journal, tx, idx, direction, attempt, body.id, body.bytes "
                         "FROM attempt JOIN body ON body.id = attempt.body");
  ERIS_TRY(sqlite::ForEachRow(open.Select(), [&](const sqlite::Cursor& row) -> Status {
    open_bodies_[ReadId(row)] = {.id = row.Integer(5), .bytes = std::string(row.Bytes(6))};
    return {};
  }));
  sqlite::Statement last(database_, "SELECT coalesce(max(id), 0) FROM body");
  return sqlite::ForEachRow(last.Select(), [&](const sqlite::Cursor& row) -> Status {
    last_body_ = row.Integer(0);
    return {};
  });
}

Result<LedgerState> LedgerTables::Read() {
  LedgerState state;
  ERIS_TRY(ReadMeta(state));
  ERIS_TRY(ReadAttempts(state));
  ERIS_TRY(ReadLease(state));
  ERIS_TRY(ReadMappings(state));
  ERIS_TRY(ReadRoots(state));
  ERIS_TRY(ReadLocked(state));
  return state;
}

Status LedgerTables::ReadMeta(LedgerState& state) {
  sqlite::Statement select(database_, "SELECT journal, epoch, low_water, event FROM meta");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    state.journal = {row.Unsigned(0)};
    state.epoch = {row.Unsigned(1)};
    state.low_water = {row.Unsigned(2)};
    state.event = {row.Unsigned(3)};
    return {};
  });
}

Status LedgerTables::ReadAttempts(LedgerState& state) {
  sqlite::Statement select(database_,
                           "SELECT journal, tx, idx, direction, attempt, body_hash, directory, "
                           "acknowledged, body.bytes, outcome "
                           "FROM attempt LEFT JOIN body ON body.id = attempt.body");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    const ItemId id = ReadId(row);
    LedgerAttempt& attempt = state.steps[id.step][id.grade];
    attempt.body_hash = row.Unsigned(5);
    attempt.attempt = row.Text(6);
    attempt.report = static_cast<LedgerAttempt::Report>(row.Integer(7));
    if (!row.IsNull(8)) {
      ERIS_ASSIGN(attempt.body, Decode<ItemBody>(row.Bytes(8)));
    }
    if (!row.IsNull(9)) {
      ERIS_ASSIGN(attempt.outcome, Decode<Outcome>(row.Bytes(9)));
    }
    return {};
  });
}

Status LedgerTables::ReadLease(LedgerState& state) {
  sqlite::Statement select(database_, "SELECT tx, profile, expires_ms, standing FROM lease");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    state.lease = LedgerLease{.transaction = {row.Unsigned(0)},
                              .profile = ProfileName(std::string(row.Text(1))),
                              .expires = {row.Integer(2)},
                              .standing = static_cast<LedgerLease::Standing>(row.Integer(3))};
    return {};
  });
}

Status LedgerTables::ReadMappings(LedgerState& state) {
  sqlite::Statement select(
      database_,
      "SELECT profile, container, service, digest, service_name, package, "
      "state, body.bytes FROM mapping LEFT JOIN body ON body.id = mapping.body");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    const MappingKey key = ReadKey(row);
    ERIS_ASSIGN(ItemBody body, Decode<ItemBody>(row.Bytes(7)));
    auto* activate = std::get_if<ActivateItem>(&body);
    if (activate == nullptr) {
      return Fail(ErrorCode::kCorrupt, database_.path() + ": a mapping has no activity");
    }
    state.mappings[key] = {.mapping = {.service_name = ServiceName(std::string(row.Text(4))),
                                       .service = key.service,
                                       .container = key.container,
                                       .digest = key.digest,
                                       .package = StorePath(std::string(row.Text(5))),
                                       .state = static_cast<ActiveMapping::State>(row.Integer(6))},
                           .activity = std::move(activate->activity)};
    return {};
  });
}

Status LedgerTables::ReadRoots(LedgerState& state) {
  sqlite::Statement select(database_, "SELECT tx, path FROM root");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    state.roots[{row.Unsigned(0)}].insert(StorePath(std::string(row.Text(1))));
    return {};
  });
}

Status LedgerTables::ReadLocked(LedgerState& state) {
  sqlite::Statement select(database_, "SELECT container, component, tx FROM may_be_locked");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    state.may_be_locked[{ContainerName(std::string(row.Text(0))),
                         ComponentName(std::string(row.Text(1)))}] = {row.Unsigned(2)};
    return {};
  });
}

}  // namespace eris
