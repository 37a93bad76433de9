// mysql-database: a database of a MariaDB server, named like the component. Properties:
//
//   mysqlUsername   (root)                          who makes, dumps and restores it
//   mysqlPassword   (none)                          handed to the tools in their environment
//   mysqlSocket     (/run/mysqld/mysqld.sock)       the server's socket
//   mysqlHost, mysqlPort (none; 127.0.0.1 and 3306 when one of them is given)   TCP instead
//   timeout         (10)                            seconds to wait for the server
//
// COMPONENT/mysql-databases/*.sql is the initial state, loaded in the order of the names.
//
// MariaDB cannot rename a database, and what can be renamed into another one is tables only. So a
// closed database is a database of tables: NAME~closed has NAME's tables, and in one more,
// `~definitions`, the text of its triggers, views, routines and events. Hence:
//   - NAME itself is gone: who knows it by its own name reaches nothing, superusers included, and
//     no event runs;
//   - opening, closing and swapping are one RENAME TABLE for all tables, which the server does
//     completely or not at all;
//   - a restore loads into NAME~load, closes that into NAME~new, and swaps two closed databases. A
//     failure before the swap has changed nothing.
// While `~definitions` is there it is what counts: an opening or closing that was cut short is
// finished by the next one, in either direction.
#include <string>

#include "dysnomia/modules/built_in.h"
#include "dysnomia/modules/database.h"
#include "schema/base/text.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace mysql_module {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kClosed = "~closed";
constexpr std::string_view kLoad = "~load";
constexpr std::string_view kNew = "~new";
constexpr std::string_view kOld = "~old";
constexpr std::size_t kMaxIdentifier = 64;
constexpr int kCloseAttempts = 20;

std::string Identifier(std::string_view name) { return Quoted(name, '`'); }
std::string Table(std::string_view database, std::string_view table) {
  return Identifier(database) + "." + Identifier(table);
}

// Without quotation marks and backslashes, whose meaning depends on the server's mode.
std::string Literal(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string literal = "X'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    literal += kDigits[byte >> 4U];
    literal += kDigits[byte & 15U];
  }
  return literal + "'";
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

constexpr std::string_view kDefinitions = "~definitions";
constexpr std::string_view kDraft = "~draft";

// The server as this component's tools are told of it, and the names of its database.
class MysqlServer final : public DatabaseServer {
 public:
  explicit MysqlServer(const ActivityContext& context)
      : context_(context),
        environment_(context.EnvironmentList()),
        open_(context.ComponentName()),
        closed_(open_ + std::string(kClosed)),
        load_(open_ + std::string(kLoad)),
        new_(open_ + std::string(kNew)),
        old_(open_ + std::string(kOld)) {
    std::erase_if(environment_,
                  [](const std::string& entry) { return entry.starts_with("MYSQL_"); });
    const std::string password = context.Property("mysqlPassword", "");
    if (!password.empty()) environment_.push_back("MYSQL_PWD=" + password);
    where_ = {"--no-defaults", "--user=" + context.Property("mysqlUsername", "root"),
              "--default-character-set=utf8mb4", "--max-allowed-packet=1G"};
    const std::string host = context.Property("mysqlHost", "");
    const std::string port = context.Property("mysqlPort", "");
    if (host.empty() && port.empty()) {
      where_.push_back("--socket=" + context.Property("mysqlSocket", "/run/mysqld/mysqld.sock"));
      where_.emplace_back("--protocol=socket");
    } else {
      where_.push_back("--host=" + (host.empty() ? "127.0.0.1" : host));
      where_.push_back("--port=" + (port.empty() ? "3306" : port));
      where_.emplace_back("--protocol=tcp");
    }
  }

  Status Await() {
    if (closed_.size() > kMaxIdentifier) {
      return Fail(ErrorCode::kInvalid, "'" + open_ + "' is too long for a database",
                  "at most 57 characters");
    }
    return AwaitServer(context_, [&] { return Do("SELECT 1"); });
  }

  Status Open() override {
    ERIS_ASSIGN(const bool is_closed, IsClosed(closed_));
    if (is_closed) return OpenInto(closed_, open_);
    ERIS_ASSIGN(const bool is_open, Has(open_));
    return is_open ? Status() : Create();
  }

  Status Close() override {
    ERIS_ASSIGN(const bool is_open, Has(open_));
    return is_open ? CloseInto(open_, closed_) : Status();
  }

  Status TakeSnapshot() override {
    ERIS_ASSIGN(const bool is_open, Has(open_));
    ERIS_ASSIGN(const bool is_closed, IsClosed(closed_));
    if (is_open && is_closed) {
      return Fail(ErrorCode::kConflict, "'" + open_ + "' is half open",
                  "activate or deactivate it first");
    }
    if (!is_open && !is_closed) {
      Say("there is no such database, so there is nothing to take");
      return {};
    }
    const std::string& current = is_open ? open_ : closed_;
    ERIS_ASSIGN(const std::string definitions,
                is_open ? DefinitionsOf(open_) : StoredDefinitions(closed_));
    ERIS_ASSIGN(StreamProgram dump, TableDump(current));
    return TakeDump(context_, kDumpFile, dump, definitions);
  }

  Status RestoreFrom(const fs::path& dump) override {
    ERIS_ASSIGN(const bool is_open, Has(open_));
    const bool active = snapshots::SnapshotStore(context_.state_dir).IsActive(StateKeyOf(context_));
    if (Status loaded = LoadClosed(dump); !loaded) {
      ERIS_TRY(Drop(load_));
      ERIS_TRY(Drop(new_));
      return loaded;
    }
    ERIS_TRY(Close());
    Status swapped = SwapIn();
    // Also what could not be swapped is opened again.
    if (is_open || active) ERIS_TRY(Open());
    return swapped;
  }

  Status Drop() override {
    for (const std::string& name : {open_, closed_, load_, new_, old_}) ERIS_TRY(Drop(name));
    return {};
  }

  Result<bool> IsOpen() override {
    ERIS_ASSIGN(const bool is_closed, IsClosed(closed_));
    if (is_closed) return false;
    return Has(open_);
  }

 private:
  StreamProgram Client(const std::string& database = {}) const {
    StreamProgram client{.argv = {"mariadb"}, .environment = environment_};
    client.argv.insert(client.argv.end(), where_.begin(), where_.end());
    client.argv.insert(client.argv.end(), {"--batch", "--raw", "--skip-column-names"});
    if (!database.empty()) client.argv.push_back("--database=" + database);
    return client;
  }

  // Everything that makes two dumps of the same rows differ is left out.
  StreamProgram Dumper() const {
    StreamProgram dump{.argv = {"mariadb-dump"}, .environment = environment_};
    dump.argv.insert(dump.argv.end(), where_.begin(), where_.end());
    dump.argv.insert(dump.argv.end(), {"--skip-comments", "--hex-blob", "--no-tablespaces"});
    return dump;
  }

  Result<std::string> Ask(const std::string& sql) const { return AskServer(Client(), sql); }
  Status Do(const std::string& sql) const {
    ERIS_TRY(Ask(sql));
    return {};
  }
  Result<std::vector<std::string>> List(const std::string& sql) const {
    ERIS_ASSIGN(const std::string answer, Ask(sql));
    return Lines(answer);
  }

  Result<bool> Has(const std::string& database) const {
    ERIS_ASSIGN(const std::string count,
                Ask("SELECT count(*) FROM information_schema.schemata WHERE schema_name = " +
                    Literal(database)));
    return count != "0";
  }
  Result<bool> IsClosed(const std::string& database) const {
    ERIS_ASSIGN(const std::string count,
                Ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = " +
                    Literal(database) + " AND table_name = " + Literal(kDefinitions)));
    return count != "0";
  }
  Status Drop(const std::string& database) const {
    return Do("SET lock_wait_timeout = 60; SET foreign_key_checks = 0; DROP DATABASE IF EXISTS " +
              Identifier(database));
  }
  // As `like` is told to read and sort letters, if there is such a database.
  Status Make(const std::string& database, const std::string& like) const {
    ERIS_ASSIGN(const std::string options,
                Ask("SELECT CONCAT(' CHARACTER SET ', default_character_set_name, ' COLLATE ', "
                    "default_collation_name) FROM information_schema.schemata WHERE "
                    "schema_name = " +
                    Literal(like)));
    return Do("CREATE DATABASE IF NOT EXISTS " + Identifier(database) + " " + options);
  }

  // Of the kinds `which`, a condition.
  Result<std::vector<std::string>> TablesOf(const std::string& database,
                                            const std::string& which) const {
    return List("SELECT table_name FROM information_schema.tables WHERE table_schema = " +
                Literal(database) + " AND " + which + " ORDER BY table_name");
  }
  static std::string Moved(const std::vector<std::string>& tables, const std::string& from,
                           const std::string& to) {
    std::string moves;
    for (const std::string& table : tables) {
      moves += (moves.empty() ? "" : ", ") + Table(from, table) + " TO " + Table(to, table);
    }
    return moves;
  }

  Result<StreamProgram> TableDump(const std::string& database) const {
    ERIS_ASSIGN(const auto views, TablesOf(database, "table_type = 'VIEW'"));
    StreamProgram dump = Dumper();
    dump.argv.insert(dump.argv.end(),
                     {"--single-transaction", "--order-by-primary", "--skip-triggers",
                      "--ignore-table=" + database + "." + std::string(kDefinitions)});
    for (const std::string& view : views) {
      dump.argv.push_back("--ignore-table=" + database + "." + view);
    }
    dump.argv.push_back(database);
    return dump;
  }

  // All that is no table. Functions come before the views that may call them. Locks nothing: a
  // client's open transaction would hold it up.
  Result<std::string> DefinitionsOf(const std::string& database) const {
    StreamProgram rest = Dumper();
    rest.argv.insert(rest.argv.end(),
                     {"--no-data", "--skip-lock-tables", "--no-create-info", "--triggers",
                      "--routines", "--events", "--add-drop-trigger", database});
    ERIS_ASSIGN(std::string text, AskServer(rest, ""));
    ERIS_ASSIGN(const auto views, TablesOf(database, "table_type = 'VIEW'"));
    if (!views.empty()) {
      StreamProgram dump = Dumper();
      dump.argv.insert(dump.argv.end(),
                       {"--no-data", "--skip-lock-tables", "--skip-triggers", database});
      dump.argv.insert(dump.argv.end(), views.begin(), views.end());
      ERIS_ASSIGN(const std::string more, AskServer(dump, ""));
      text += "\n" + more;
    }
    // What names its own database means the one that is open.
    const std::string own = Identifier(database) + ".";
    const std::string meant = Identifier(open_) + ".";
    for (std::size_t at = text.find(own); own != meant && at != std::string::npos;
         at = text.find(own, at + meant.size())) {
      text.replace(at, own.size(), meant);
    }
    return text;
  }
  Result<std::string> StoredDefinitions(const std::string& database) const {
    return Ask("SELECT text FROM " + Table(database, kDefinitions));
  }
  Status StoreDefinitions(const std::string& from, const std::string& to) const {
    ERIS_ASSIGN(const std::string text, DefinitionsOf(from));
    const std::string draft = Table(to, kDraft);
    return Do("DROP TABLE IF EXISTS " + draft + ";\nCREATE TABLE " + draft +
              " (text LONGBLOB NOT NULL) ENGINE=InnoDB;\nINSERT INTO " + draft + " VALUES (" +
              Literal(text) + ");\nRENAME TABLE " + draft + " TO " + Table(to, kDefinitions));
  }

  // Ends the clients that are at home in it; one that ends by itself is no error.
  Status EndClients(const std::string& database) const {
    ERIS_ASSIGN(const auto clients,
                List("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() "
                     "AND db = " +
                     Literal(database)));
    for (const std::string& id : clients) {
      if (const Status ended = Do("KILL " + id); !ended) Say(ended.error().message);
    }
    return {};
  }

  // The triggers go in the same breath as the tables: they may not change their database. What is
  // written in between is written by somebody who should not be there.
  Status MoveOut(const std::string& from, const std::string& to) const {
    ERIS_ASSIGN(const auto tables, TablesOf(from, "table_type <> 'VIEW'"));
    if (tables.empty()) return {};
    ERIS_ASSIGN(const auto triggers,
                List("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema "
                     "= " +
                     Literal(from)));
    std::string sql = "SET lock_wait_timeout = 2;\nSET foreign_key_checks = 0;\n";
    for (const std::string& trigger : triggers) {
      sql += "DROP TRIGGER " + Table(from, trigger) + ";\n";
    }
    return Do(sql + "RENAME TABLE " + Moved(tables, from, to));
  }

  Status CloseInto(const std::string& from, const std::string& to) const {
    ERIS_TRY(Make(to, from));
    ERIS_ASSIGN(const bool stored, IsClosed(to));
    if (!stored) ERIS_TRY(StoreDefinitions(from, to));
    Status moved;
    for (int attempt = 0; attempt < kCloseAttempts; ++attempt) {
      // They hold locks on its tables until their transactions end.
      ERIS_TRY(EndClients(from));
      moved = MoveOut(from, to);
      if (moved) return Drop(from);
      PauseForServer();
    }
    return moved;
  }

  Status OpenInto(const std::string& from, const std::string& to) const {
    ERIS_TRY(Make(to, from));
    ERIS_ASSIGN(const auto tables, TablesOf(from, "table_name <> " + Literal(kDefinitions) +
                                                      " AND table_name <> " + Literal(kDraft)));
    if (!tables.empty()) {
      ERIS_TRY(Do("SET foreign_key_checks = 0;\nRENAME TABLE " + Moved(tables, from, to)));
    }
    ERIS_ASSIGN(const std::string definitions, StoredDefinitions(from));
    ERIS_TRY(AskServer(Client(to), definitions));
    return Drop(from);
  }

  // A database that is complete before it has its name.
  Status Create() const {
    ERIS_ASSIGN(const auto files, InitialState(context_, "mysql-databases"));
    ERIS_TRY(Drop(load_));
    ERIS_TRY(Make(load_, open_));
    for (const fs::path& file : files) {
      if (const Status loaded = LoadFile(file, Client(load_)); !loaded) {
        ERIS_TRY(Drop(load_));
        return Fail(Error(loaded.error()).In(file.string()));
      }
    }
    ERIS_TRY(Drop(closed_));
    ERIS_TRY(CloseInto(load_, closed_));
    return OpenInto(closed_, open_);
  }

  // Into a closed database of its own.
  Status LoadClosed(const fs::path& dump) const {
    ERIS_TRY(Drop(load_));
    ERIS_TRY(Drop(new_));
    ERIS_ASSIGN(const bool is_open, Has(open_));
    ERIS_TRY(Make(load_, is_open ? open_ : closed_));
    ERIS_TRY(LoadDump(dump, Client(load_)));
    return CloseInto(load_, new_);
  }

  // One statement: the closed database has either its old tables or the new ones.
  Status SwapIn() const {
    ERIS_TRY(Drop(old_));
    ERIS_TRY(Make(old_, new_));
    ERIS_TRY(Make(closed_, new_));
    ERIS_ASSIGN(const auto before, TablesOf(closed_, "TRUE"));
    ERIS_ASSIGN(const auto after, TablesOf(new_, "TRUE"));
    ERIS_TRY(Do("SET foreign_key_checks = 0;\nRENAME TABLE " + Moved(before, closed_, old_) +
                (before.empty() ? "" : ", ") + Moved(after, new_, closed_)));
    ERIS_TRY(Drop(old_));
    return Drop(new_);
  }

  const ActivityContext& context_;
  std::vector<std::string> environment_;
  std::vector<std::string> where_;  // how the tools reach the server
  std::string open_;
  std::string closed_;
  std::string load_;
  std::string new_;
  std::string old_;
};

Status Run(const ActivityContext& context) {
  MysqlServer server(context);
  ERIS_TRY(server.Await());
  return RunDatabaseActivity(context, server);
}

Result<ComponentStatus> QueryStatus(const ActivityContext& context) {
  MysqlServer server(context);
  ERIS_TRY(server.Await());
  return DatabaseStatus(context, server);
}

}  // namespace
}  // namespace mysql_module

const BuiltInModule& MysqlDatabaseModule() {
  static const BuiltInModule kModule =
      DatabaseModule("mysql-database", mysql_module::Run, mysql_module::QueryStatus);
  return kModule;
}

}  // namespace eris::dysnomia
