// postgresql-database: a database of a PostgreSQL server, named like the component. Properties:
//
//   postgresqlUsername    (postgres)              who makes, dumps and restores it
//   postgresqlPassword    (none)                  handed to the tools in their environment
//   postgresqlRuntimeDir  (/var/run/postgresql)   the server's socket, or a host name
//   postgresqlPort        (the server's default)
//   timeout               (10)                    seconds to wait for the server
//
// COMPONENT/postgresql-databases/*.sql is the initial state, loaded in the order of the names.
//
// A deactivated database has another name, NAME~closed: nobody who knows it by its own name reaches
// it, superusers included, and no connection is left. Dump and restore find it. A restore fills
// NAME~new and then changes names in one transaction: if it fails the old one is as it was.
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

#include "dysnomia/modules/built_in.h"
#include "dysnomia/modules/dump.h"
#include "schema/base/clock.h"
#include "schema/base/command.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;
using snapshots::SnapshotStore;

constexpr std::string_view kDumpFile = "dump.sql.xz";
constexpr std::string_view kClosed = "~closed";
constexpr std::string_view kNew = "~new";
constexpr std::string_view kOld = "~old";
constexpr std::size_t kMaxIdentifier = 63;  // the server cuts off what is longer
constexpr int kCloseAttempts = 20;
constexpr int kPauseMs = 250;

// A server tells nobody when it begins to answer, or when a client has gone.
void Pause() { ::poll(nullptr, 0, kPauseMs); }

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += c;
    quoted += c;
  }
  return quoted + quote;
}
std::string Identifier(std::string_view name) { return Quoted(name, '"'); }
std::string Literal(std::string_view text) { return Quoted(text, '\''); }

// The server as this component's tools are told of it, and the names of its database.
class Server {
 public:
  static Result<Server> Of(const ActivityContext& context) {
    Server server(context);
    if (server.name_.size() + kClosed.size() > kMaxIdentifier) {
      return Fail(ErrorCode::kInvalid, "'" + server.name_ + "' is too long for a database",
                  "at most 56 characters");
    }
    const auto seconds = ParseUnsigned(context.Property("timeout", "10"));
    if (!seconds) return Fail(ErrorCode::kInvalid, "timeout is no number of seconds");
    server.timeout_ = std::chrono::seconds(*seconds);
    ERIS_TRY(server.Wait());
    return server;
  }

  const std::string& open() const { return name_; }
  std::string closed() const { return name_ + std::string(kClosed); }
  std::string fresh() const { return name_ + std::string(kNew); }
  std::string old() const { return name_ + std::string(kOld); }

  std::vector<std::string> EnvironmentFor(const std::string& database) const {
    std::vector<std::string> environment = environment_;
    environment.push_back("PGDATABASE=" + database);
    return environment;
  }

  // In one transaction, in the maintenance database; what it answers.
  Result<std::string> Ask(const std::string& sql) const {
    CommandOptions options;
    options.environment = EnvironmentFor("postgres");
    options.input = sql;
    ERIS_ASSIGN(const CommandOutput output, RunCommand(kPsql, options));
    if (output.status.success()) return std::string(Trim(output.stdout_text));
    const std::string_view told = Trim(output.stderr_tail);
    return Fail(ErrorCode::kInvalid,
                "psql: " + (told.empty() ? ToString(output.status) : std::string(told)));
  }
  Status Do(const std::string& sql) const {
    ERIS_TRY(Ask(sql));
    return {};
  }

  Result<bool> Has(const std::string& database) const {
    ERIS_ASSIGN(const std::string count,
                Ask("SELECT count(*) FROM pg_database WHERE datname = " + Literal(database)));
    return count != "0";
  }

  Status Drop(const std::string& database) const {
    return Do("DROP DATABASE IF EXISTS " + Identifier(database) + " WITH (FORCE)");
  }

  // Changes a name while clients may still connect to it: new ones are kept out, then the others
  // end. `more` happens in the same transaction.
  Status Rename(const std::string& from, const std::string& to,
                const std::string& more = {}) const {
    ERIS_TRY(Do("ALTER DATABASE " + Identifier(from) + " ALLOW_CONNECTIONS false"));
    Status renamed;
    for (int attempt = 0; attempt < kCloseAttempts; ++attempt) {
      ERIS_TRY(Do("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = " +
                  Literal(from)));
      renamed = Do("BEGIN;\nALTER DATABASE " + Identifier(from) + " RENAME TO " + Identifier(to) +
                   ";\nALTER DATABASE " + Identifier(to) + " ALLOW_CONNECTIONS true;\n" + more +
                   "COMMIT");
      if (renamed) return {};
      Pause();
    }
    ERIS_TRY(Do("ALTER DATABASE " + Identifier(from) + " ALLOW_CONNECTIONS true"));
    return renamed;
  }

  inline static const std::vector<std::string> kPsql = {
      "psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"};

 private:
  explicit Server(const ActivityContext& context)
      : name_(context.ComponentName()), environment_(context.EnvironmentList()) {
    const auto set = [&](const char* variable, const std::string& value) {
      const std::string start = std::string(variable) + "=";
      std::erase_if(environment_,
                    [&](const std::string& entry) { return entry.starts_with(start); });
      if (!value.empty()) environment_.push_back(start + value);
    };
    set("PGHOST", context.Property("postgresqlRuntimeDir", "/var/run/postgresql"));
    set("PGUSER", context.Property("postgresqlUsername", "postgres"));
    set("PGPORT", context.Property("postgresqlPort", ""));
    set("PGPASSWORD", context.Property("postgresqlPassword", ""));
    set("PGDATABASE", "");
    set("PGCONNECT_TIMEOUT", "10");
    set("PGCLIENTENCODING", "UTF8");
    // NOTICEs are no news.
    set("PGOPTIONS", "-c client_min_messages=warning");
  }

  Status Wait() const {
    const auto end = SystemClock().Read().steady + timeout_;
    for (;;) {
      const Status answered = Do("SELECT 1");
      if (answered) return {};
      if (SystemClock().Read().steady >= end) {
        return Fail(Error(answered.error()).In("the server does not answer"));
      }
      Pause();
    }
  }

  std::string name_;
  std::vector<std::string> environment_;
  std::chrono::seconds timeout_{10};
};

// All files of the initial state, in the order of their names.
Result<std::vector<fs::path>> InitialState(const ActivityContext& context) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator(context.component / "postgresql-databases", error)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(ErrorCode::kInternal, context.component.string() + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

StreamProgram Loader(const Server& server) {
  std::vector<std::string> argv = Server::kPsql;
  argv.insert(argv.end(), {"--single-transaction", "--output=/dev/null", "--file=-"});
  return {.argv = std::move(argv), .environment = server.EnvironmentFor(server.fresh())};
}

// A database that is complete before it has its name.
Status Create(const ActivityContext& context, const Server& server) {
  ERIS_ASSIGN(const auto files, InitialState(context));
  ERIS_TRY(server.Drop(server.fresh()));
  ERIS_TRY(server.Do("CREATE DATABASE " + Identifier(server.fresh())));
  for (const fs::path& file : files) {
    StreamProgram load = Loader(server);
    load.argv.back() = "--file=" + file.string();
    CommandOptions options;
    options.environment = load.environment;
    options.timeout = std::chrono::hours(24);  // the activity's own deadline comes first
    ERIS_ASSIGN(const CommandOutput output, RunCommand(load.argv, options));
    if (!output.status.success()) {
      return Fail(ErrorCode::kInvalid,
                  file.string() + ": " + std::string(Trim(output.stderr_tail)));
    }
  }
  return server.Rename(server.fresh(), server.open());
}

Status Activate(const ActivityContext& context, const Server& server) {
  ERIS_ASSIGN(const bool is_open, server.Has(server.open()));
  ERIS_ASSIGN(const bool is_closed, server.Has(server.closed()));
  if (is_open) {
    // A deactivation may have got no further than to keep clients out.
    ERIS_TRY(server.Do("ALTER DATABASE " + Identifier(server.open()) + " ALLOW_CONNECTIONS true"));
  } else if (is_closed) {
    ERIS_TRY(server.Rename(server.closed(), server.open()));
  } else {
    ERIS_TRY(Create(context, server));
  }
  return SnapshotStore(context.state_dir).MarkActive(StateKeyOf(context));
}

Status Deactivate(const ActivityContext& context, const Server& server) {
  ERIS_ASSIGN(const bool is_open, server.Has(server.open()));
  if (is_open) ERIS_TRY(server.Rename(server.open(), server.closed()));
  return SnapshotStore(context.state_dir).MarkGarbage(StateKeyOf(context));
}

// Where the state is: empty when there is none.
Result<std::string> Current(const Server& server) {
  for (const std::string& name : {server.open(), server.closed()}) {
    ERIS_ASSIGN(const bool there, server.Has(name));
    if (there) return name;
  }
  return std::string();
}

// Some versions write a random key into every dump unless they are given one.
Result<bool> TakesRestrictKey(const Server& server) {
  CommandOptions options;
  options.environment = server.EnvironmentFor("postgres");
  ERIS_ASSIGN(const CommandOutput help, RunCommand({"pg_dump", "--help"}, options));
  return help.stdout_text.find("--restrict-key") != std::string::npos;
}

Status Snapshot(const ActivityContext& context, const Server& server) {
  ERIS_ASSIGN(const std::string current, Current(server));
  if (current.empty()) {
    Say("there is no such database, so there is nothing to take");
    return {};
  }
  StreamProgram dump{.argv = {"pg_dump", "--format=plain"},
                     .environment = server.EnvironmentFor(current)};
  ERIS_ASSIGN(const bool takes_key, TakesRestrictKey(server));
  if (takes_key) dump.argv.emplace_back("--restrict-key=eris");
  return TakeDump(context, kDumpFile, dump);
}

Status Restore(const ActivityContext& context, const Server& server) {
  const auto file = NewestDump(context, kDumpFile);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    Say(file.error().message);
    return {};
  }
  if (!file) return Fail(Error(file.error()));
  ERIS_TRY(server.Drop(server.fresh()));
  ERIS_TRY(server.Do("CREATE DATABASE " + Identifier(server.fresh()) + " TEMPLATE template0"));
  if (const Status loaded = LoadDump(*file, Loader(server)); !loaded) {
    ERIS_TRY(server.Drop(server.fresh()));
    return loaded;
  }
  ERIS_ASSIGN(const std::string current, Current(server));
  if (current.empty()) return server.Rename(server.fresh(), server.closed());
  ERIS_TRY(server.Drop(server.old()));
  ERIS_TRY(server.Rename(current, server.old(),
                         "ALTER DATABASE " + Identifier(server.fresh()) + " RENAME TO " +
                             Identifier(current) + ";\n"));
  return server.Drop(server.old());
}

Status DeleteState(const ActivityContext& context, const Server& server) {
  const SnapshotStore store(context.state_dir);
  if (!store.IsGarbage(StateKeyOf(context))) {
    Say("nothing here is garbage");
    return {};
  }
  for (const std::string& name : {server.open(), server.closed(), server.fresh(), server.old()}) {
    ERIS_TRY(server.Drop(name));
  }
  return store.UnmarkGarbage(StateKeyOf(context));
}

Status Run(const ActivityContext& context) {
  ERIS_ASSIGN(const Server server, Server::Of(context));
  switch (context.kind) {
    case ActivityKind::kActivate:
      return Activate(context, server);
    case ActivityKind::kDeactivate:
      return Deactivate(context, server);
    case ActivityKind::kSnapshot:
      return Snapshot(context, server);
    case ActivityKind::kRestore:
      return Restore(context, server);
    case ActivityKind::kDeleteState:
      return DeleteState(context, server);
    case ActivityKind::kLock:
    case ActivityKind::kUnlock:
    case ActivityKind::kStatus:
    case ActivityKind::kShell:
      break;
  }
  return Fail(ErrorCode::kInternal, "postgresql-database has no such activity");
}

Result<ComponentStatus> QueryStatus(const ActivityContext& context) {
  ERIS_ASSIGN(const Server server, Server::Of(context));
  ERIS_ASSIGN(const bool is_open, server.Has(server.open()));
  const bool active = SnapshotStore(context.state_dir).IsActive(StateKeyOf(context));
  return is_open && active ? ComponentStatus::kActive : ComponentStatus::kInactive;
}

}  // namespace

const BuiltInModule& PostgresqlDatabaseModule() {
  static const BuiltInModule kModule = [] {
    BuiltInModule made;
    made.name = "postgresql-database";
    for (const ActivityKind kind :
         {ActivityKind::kActivate, ActivityKind::kDeactivate, ActivityKind::kSnapshot,
          ActivityKind::kRestore, ActivityKind::kDeleteState, ActivityKind::kStatus}) {
      made.activities.Add(kind);
    }
    made.run = Run;
    made.status = QueryStatus;
    return made;
  }();
  return kModule;
}

}  // namespace eris::dysnomia
