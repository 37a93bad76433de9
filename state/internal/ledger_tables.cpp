#include "state/internal/ledger_tables.h"

#include <string>
#include <utility>
#include <variant>

#include "schema/codec/codec.h"

namespace eris {

LedgerTables::LedgerTables(sqlite::Database& database)
    : database_(database),
      set_epoch_(database, "UPDATE meta SET epoch = ?1"),
      forget_other_journal_(
          database, "UPDATE meta SET epoch = 0, low_water = 0 WHERE journal NOT IN (0, ?1)"),
      forget_other_steps_(database,
                          "DELETE FROM attempt WHERE (SELECT journal FROM meta) NOT IN (0, ?1)"),
      forget_other_lease_(database,
                          "DELETE FROM lease WHERE (SELECT journal FROM meta) NOT IN (0, ?1)"),
      set_journal_(database, "UPDATE meta SET journal = ?1"),
      set_low_water_(database, "UPDATE meta SET low_water = max(low_water, ?1)"),
      forget_steps_(database, "DELETE FROM attempt WHERE tx < (SELECT low_water FROM meta)"),
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
      activate_(database,
                "INSERT OR REPLACE INTO mapping(profile, container, service, digest, service_name, "
                "package, state, activity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
      deactivate_(database,
                  "DELETE FROM mapping "
                  "WHERE profile = ?1 AND container = ?2 AND service = ?3 AND digest = ?4"),
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

// ---- write ----

Status LedgerTables::Write(const LedgerRecord& record) {
  return std::visit([this](const auto& value) { return Put(value); }, record);
}

Status LedgerTables::Put(const EpochSeen& seen) { return set_epoch_.Run(seen.epoch.value); }

Status LedgerTables::Put(const JournalBound& bound) {
  ERIS_TRY(forget_other_steps_.Run(bound.journal.value));
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
  return start_.Run(step.transaction.value, step.index.value, grade.direction, grade.attempt,
                    step.journal.value, started.body_hash, started.attempt,
                    sqlite::Blob{Encode(started.body)});
}

Status LedgerTables::Put(const StepSettled& settled) {
  const auto& [step, grade] = settled.id;
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
  return activate_.Run(activated.profile.text, mapping.container.text, mapping.service.text,
                       mapping.digest, mapping.service_name.text, mapping.package.text,
                       mapping.state,
                       sqlite::Blob{Encode(ItemBody(ActivateItem{activated.activity}))});
}

Status LedgerTables::Put(const MappingDeactivated& deactivated) {
  const ActiveMapping& mapping = deactivated.mapping;
  return deactivate_.Run(deactivated.profile.text, mapping.container.text, mapping.service.text,
                         mapping.digest);
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
  sqlite::Statement select(database_, "SELECT journal, epoch, low_water FROM meta");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    state.journal = {row.Unsigned(0)};
    state.epoch = {row.Unsigned(1)};
    state.low_water = {row.Unsigned(2)};
    return {};
  });
}

Status LedgerTables::ReadAttempts(LedgerState& state) {
  sqlite::Statement select(database_,
                           "SELECT journal, tx, idx, direction, attempt, body_hash, directory, "
                           "acknowledged, body, outcome FROM attempt");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    const StepId step{.journal = {row.Unsigned(0)},
                      .transaction = {row.Unsigned(1)},
                      .index = {static_cast<std::uint32_t>(row.Integer(2))}};
    const Grade grade{.direction = static_cast<Direction>(row.Integer(3)),
                      .attempt = static_cast<std::uint16_t>(row.Integer(4))};
    LedgerAttempt& attempt = state.steps[step][grade];
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
  sqlite::Statement select(database_,
                           "SELECT profile, container, service, digest, service_name, package, "
                           "state, activity FROM mapping");
  return sqlite::ForEachRow(select.Select(), [&](const sqlite::Cursor& row) -> Status {
    const MappingKey key{.profile = ProfileName(std::string(row.Text(0))),
                         .container = ContainerName(std::string(row.Text(1))),
                         .service = ServiceKey(std::string(row.Text(2))),
                         .digest = std::string(row.Text(3))};
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
