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

struct ReadMapping {
  ProfileName profile;
  std::int64_t body = 0;
  LedgerMapping mapping;
};

// Calls `visit(ReadMapping)` for each.
template <typename Visit>
Status ForEachMapping(sqlite::Database& database, const Visit& visit) {
  sqlite::Statement select(database,
                           "SELECT profile, state, mapping.body, body.bytes "
                           "FROM mapping LEFT JOIN body ON body.id = mapping.body");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    ERIS_ASSIGN(ItemBody body, Decode<ItemBody>(row.Bytes(3)));
    auto* activate = std::get_if<ActivateItem>(&body);
    if (activate == nullptr) {
      return Fail(ErrorCode::kCorrupt, database.path() + ": a mapping has no activity");
    }
    visit(ReadMapping{.profile = ProfileName(std::string(row.Text(0))),
                      .body = row.Integer(2),
                      .mapping = {.state = static_cast<ActiveMapping::State>(row.Integer(1)),
                                  .activity = std::move(activate->activity)}});
    return {};
  });
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
             "INSERT INTO attempt(id, tx, idx, direction, attempt, journal, body_hash, directory, "
             "body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      settle_(database,
              "UPDATE attempt SET body_hash = ?2, body = NULL, outcome = ?3 WHERE id = ?1"),
      settle_at_once_(database,
                      "INSERT INTO attempt(id, tx, idx, direction, attempt, journal, body_hash, "
                      "directory, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', ?8)"),
      acknowledge_(database, "UPDATE attempt SET acknowledged = 1 WHERE id BETWEEN ?1 AND ?2"),
      grant_(database,
             "INSERT OR REPLACE INTO lease(one, tx, profile, expires_ms, standing) "
             "VALUES (1, ?1, ?2, ?3, 0)"),
      confirm_(database, "UPDATE lease SET standing = 1 WHERE tx = ?1"),
      release_(database, "DELETE FROM lease WHERE tx = ?1"),
      insert_mapping_(database, "INSERT INTO mapping(body, profile, state) VALUES (?1, ?2, ?3)"),
      delete_mapping_(database, "DELETE FROM mapping WHERE body = ?1"),
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
  ERIS_TRY(forget_other_lease_.Run(bound.journal.value));
  ERIS_TRY(forget_other_journal_.Run(bound.journal.value));
  if (database_.changes() > 0) {
    attempts_.clear();
    low_water_ = {};
  }
  return set_journal_.Run(bound.journal.value);
}

Status LedgerTables::Put(const LowWaterRaised& raised) {
  ERIS_TRY(set_low_water_.Run(raised.low_water.value));
  low_water_ = std::max(low_water_, raised.low_water);
  std::erase_if(attempts_, [&](const auto& entry) {
    return entry.first.step.transaction < low_water_ && !entry.second.body;
  });
  return forget_steps_.Run();
}

Status LedgerTables::Put(const StepStarted& started) {
  const auto& [step, grade] = started.id;
  const auto [entry, is_new] = attempts_.try_emplace(started.id);
  if (!is_new) {
    return Fail(ErrorCode::kInternal,
                database_.path() + ": an attempt is started for the second time");
  }
  ERIS_ASSIGN(const std::int64_t body, InsertBody(*started.body));
  entry->second = {.id = ++last_attempt_, .body = Body{body, started.body}};
  return start_.Run(last_attempt_, step.transaction.value, step.index.value, grade.direction,
                    grade.attempt, step.journal.value, started.body_hash, started.attempt, body);
}

Status LedgerTables::Put(const StepSettled& settled) {
  const auto& [step, grade] = settled.id;
  const auto [entry, at_once] = attempts_.try_emplace(settled.id);
  AttemptRow& row = entry->second;
  const std::string outcome = Encode(settled.outcome);
  if (at_once) {
    row.id = ++last_attempt_;
    return settle_at_once_.Run(row.id, step.transaction.value, step.index.value, grade.direction,
                               grade.attempt, step.journal.value, settled.body_hash,
                               sqlite::Blob{outcome});
  }
  if (row.body) released_.push_back(*std::exchange(row.body, std::nullopt));
  return settle_.Run(row.id, settled.body_hash, sqlite::Blob{outcome});
}

Status LedgerTables::Put(const OutcomeAcknowledged& acknowledged) {
  const auto found = attempts_.find(acknowledged.id);
  if (found != attempts_.end()) acknowledged_.push_back(found->second.id);
  return {};
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
  ERIS_ASSIGN(const std::int64_t body, TakeBody(activated.activity));
  const auto [entry, is_new] = mappings_.try_emplace(KeyOf(activated.profile, *activated.activity));
  const std::int64_t old_body = std::exchange(entry->second, body);
  if (!is_new) {
    ERIS_TRY(delete_mapping_.Run(old_body));
    ERIS_TRY(delete_body_.Run(old_body));
  }
  return insert_mapping_.Run(body, activated.profile.text, activated.state);
}

Status LedgerTables::Put(const MappingDeactivated& deactivated) {
  const auto found = mappings_.find(KeyOf(deactivated.profile, deactivated.mapping));
  if (found == mappings_.end()) return {};
  const std::int64_t body = found->second;
  mappings_.erase(found);
  ERIS_TRY(delete_body_.Run(body));
  return delete_mapping_.Run(body);
}

Result<std::int64_t> LedgerTables::InsertBody(const ItemBody& body) {
  ERIS_TRY(insert_body_.Run(++last_body_, sqlite::Blob{Encode(body)}));
  return last_body_;
}

Result<std::int64_t> LedgerTables::TakeBody(const Shared<Activity>& activity) {
  const auto same = std::find_if(released_.rbegin(), released_.rend(), [&](const Body& body) {
    const auto* activate = std::get_if<ActivateItem>(&*body.content);
    return activate != nullptr && Shared<Activity>(body.content, activate->activity) == activity;
  });
  if (same == released_.rend()) return InsertBody(ActivateItem{*activity});
  const std::int64_t id = same->id;
  released_.erase(std::next(same).base());
  return id;
}

Status LedgerTables::FinishWrites() {
  for (const Body& body : std::exchange(released_, {})) ERIS_TRY(delete_body_.Run(body.id));
  return FinishAcknowledgements();
}

// Outcomes are mostly acknowledged as they were settled: a run of numbers is one statement. What
// was forgotten meanwhile has no row, and its number is no other's yet.
Status LedgerTables::FinishAcknowledgements() {
  std::vector<std::int64_t> ids = std::exchange(acknowledged_, {});
  std::sort(ids.begin(), ids.end());
  for (auto first = ids.begin(); first != ids.end();) {
    auto last = first;
    while (std::next(last) != ids.end() && *std::next(last) <= *last + 1) ++last;
    ERIS_TRY(acknowledge_.Run(*first, *last));
    first = std::next(last);
  }
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
  ERIS_TRY(ForEachMapping(database_, [this](const ReadMapping& row) {
    mappings_[KeyOf(row.profile, *row.mapping.activity)] = row.body;
  }));
  sqlite::Statement attempts(database_,
                             "SELECT journal, tx, idx, direction, attempt, attempt.id, body.id, "
                             "body.bytes FROM attempt LEFT JOIN body ON body.id = attempt.body");
  ERIS_TRY(sqlite::ForEachRow(attempts.Select(), [&](const sqlite::Cursor& row) -> Status {
    AttemptRow& attempt = attempts_[ReadId(row)];
    attempt.id = row.Integer(5);
    last_attempt_ = std::max(last_attempt_, attempt.id);
    if (row.IsNull(6)) return {};
    ERIS_ASSIGN(ItemBody body, Decode<ItemBody>(row.Bytes(7)));
    attempt.body = Body{row.Integer(6), std::move(body)};
    return {};
  }));
  sqlite::Statement last(database_,
                         "SELECT low_water, (SELECT coalesce(max(id), 0) FROM body) FROM meta");
  return sqlite::ForEachRow(last.Select(), [&](const sqlite::Cursor& row) -> Status {
    low_water_ = {row.Unsigned(0)};
    last_body_ = row.Integer(1);
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
  return ForEachMapping(database_, [&state](ReadMapping row) {
    state.mappings[KeyOf(row.profile, *row.mapping.activity)] = std::move(row.mapping);
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
