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
#include <string>

#include "dysnomia/modules/built_in.h"
#include "dysnomia/modules/database.h"
#include "schema/base/command.h"

namespace eris::dysnomia {
namespace postgresql_module {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClosed = "~closed";
constexpr std::string_view kNew = "~new";
constexpr std::string_view kOld = "~old";
constexpr std::size_t kMaxIdentifier = 63;  // the server cuts off what is longer
constexpr int kCloseAttempts = 20;

std::string Identifier(std::string_view name) { return Quoted(name, '"'); }
std::string Literal(std::string_view text) { return Quoted(text, '\''); }

const std::vector<std::string> kPsql = {"psql",       "--no-psqlrc",   "--quiet",
                                        "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"};

// The server as this component's tools are told of it, and the names of its database.
class PostgresqlServer final : public DatabaseServer {
 public:
  explicit PostgresqlServer(const ActivityContext& context)
      : context_(context),
        environment_(context.EnvironmentList()),
        open_(context.ComponentName()),
        closed_(open_ + std::string(kClosed)),
        new_(open_ + std::string(kNew)),
        old_(open_ + std::string(kOld)) {
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

  Status Await() {
    if (closed_.size() > kMaxIdentifier) {
      return Fail(ErrorCode::kInvalid, "'" + open_ + "' is too long for a database",
                  "at most 56 characters");
    }
    return AwaitServer(context_, [&] { return Do("SELECT 1"); });
  }

  Status Open() override {
    ERIS_ASSIGN(const bool is_open, Has(open_));
    ERIS_ASSIGN(const bool is_closed, Has(closed_));
    // A deactivation may have got no further than to keep clients out.
    if (is_open) return Do("ALTER DATABASE " + Identifier(open_) + " ALLOW_CONNECTIONS true");
    return is_closed ? Rename(closed_, open_) : Create();
  }

  Status Close() override {
    ERIS_ASSIGN(const bool is_open, Has(open_));
    return is_open ? Rename(open_, closed_) : Status();
  }

  Status TakeSnapshot() override {
    ERIS_ASSIGN(const std::string current, Current());
    if (current.empty()) {
      Say("there is no such database, so there is nothing to take");
      return {};
    }
    StreamProgram dump{.argv = {"pg_dump", "--format=plain"},
                       .environment = EnvironmentFor(current)};
    ERIS_ASSIGN(const bool takes_key, TakesRestrictKey());
    if (takes_key) dump.argv.emplace_back("--restrict-key=eris");
    return TakeDump(context_, kDumpFile, dump);
  }

  Status RestoreFrom(const fs::path& dump) override {
    ERIS_TRY(Drop(new_));
    ERIS_TRY(Do("CREATE DATABASE " + Identifier(new_) + " TEMPLATE template0"));
    if (Status loaded = LoadDump(dump, Loader("-")); !loaded) {
      ERIS_TRY(Drop(new_));
      return loaded;
    }
    ERIS_ASSIGN(const std::string current, Current());
    if (current.empty()) return Rename(new_, closed_);
    ERIS_TRY(Drop(old_));
    ERIS_TRY(
        Rename(current, old_,
               "ALTER DATABASE " + Identifier(new_) + " RENAME TO " + Identifier(current) + ";\n"));
    return Drop(old_);
  }

  Status Drop() override {
    for (const std::string& name : {open_, closed_, new_, old_}) ERIS_TRY(Drop(name));
    return {};
  }

  Result<bool> IsOpen() override { return Has(open_); }

 private:
  std::vector<std::string> EnvironmentFor(const std::string& database) const {
    std::vector<std::string> environment = environment_;
    environment.push_back("PGDATABASE=" + database);
    return environment;
  }

  // In one transaction, in the maintenance database; what it answers.
  Result<std::string> Ask(const std::string& sql) const {
    return AskServer({.argv = kPsql, .environment = EnvironmentFor("postgres")}, sql);
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
      PauseForServer();
    }
    ERIS_TRY(Do("ALTER DATABASE " + Identifier(from) + " ALLOW_CONNECTIONS true"));
    return renamed;
  }

  StreamProgram Loader(const std::string& file) const {
    std::vector<std::string> argv = kPsql;
    argv.insert(argv.end(), {"--single-transaction", "--output=/dev/null", "--file=" + file});
    return {.argv = std::move(argv), .environment = EnvironmentFor(new_)};
  }

  // A database that is complete before it has its name.
  Status Create() const {
    ERIS_ASSIGN(const auto files, InitialState(context_, "postgresql-databases"));
    ERIS_TRY(Drop(new_));
    ERIS_TRY(Do("CREATE DATABASE " + Identifier(new_)));
    for (const fs::path& file : files) {
      if (const auto loaded = AskServer(Loader(file.string()), ""); !loaded) {
        ERIS_TRY(Drop(new_));
        return Fail(Error(loaded.error()).In(file.string()));
      }
    }
    return Rename(new_, open_);
  }

  // Where the state is: empty when there is none.
  Result<std::string> Current() const {
    for (const std::string& name : {open_, closed_}) {
      ERIS_ASSIGN(const bool there, Has(name));
      if (there) return name;
    }
    return std::string();
  }

  // Some versions write a random key into every dump unless they are given one.
  Result<bool> TakesRestrictKey() const {
    CommandOptions options;
    options.environment = environment_;
    ERIS_ASSIGN(const CommandOutput help, RunCommand({"pg_dump", "--help"}, options));
    return help.stdout_text.find("--restrict-key") != std::string::npos;
  }

  const ActivityContext& context_;
  std::vector<std::string> environment_;
  std::string open_;
  std::string closed_;
  std::string new_;
  std::string old_;
};

Status Run(const ActivityContext& context) {
  PostgresqlServer server(context);
  ERIS_TRY(server.Await());
  return RunDatabaseActivity(context, server);
}

Result<ComponentStatus> QueryStatus(const ActivityContext& context) {
  PostgresqlServer server(context);
  ERIS_TRY(server.Await());
  return DatabaseStatus(context, server);
}

}  // namespace
}  // namespace postgresql_module

const BuiltInModule& PostgresqlDatabaseModule() {
  static const BuiltInModule kModule =
      DatabaseModule("postgresql-database", postgresql_module::Run, postgresql_module::QueryStatus);
  return kModule;
}

}  // namespace eris::dysnomia
