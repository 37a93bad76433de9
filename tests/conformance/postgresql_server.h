// A PostgreSQL server of one test: its own data and socket directory, no network.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/unpacked_server.h"

namespace eris::dysnomia {

class PostgresqlServer {
 public:
  // Nothing where there is no such server on this machine.
  static std::optional<std::filesystem::path> FindPrograms() {
    if (const char* told = std::getenv("ERIS_POSTGRESQL_BIN"); told != nullptr) return told;
    const auto initdb = FindServerProgram("/usr/lib/postgresql/*/bin/initdb");
    if (!initdb) return std::nullopt;
    return initdb->parent_path();
  }

  PostgresqlServer(std::filesystem::path programs, std::filesystem::path directory)
      : programs_(std::move(programs)), directory_(std::move(directory)) {}
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;
  ~PostgresqlServer() { Stop(); }

  // Why not; empty when it runs.
  std::string Start() {
    if (!MakeServerDirectory(directory_)) return "chown";
    std::string why = Run({(programs_ / "initdb").string(), "--pgdata=" + Data(), "--no-locale",
                           "--encoding=UTF8", "--auth=trust", "--username=postgres", "--no-sync"});
    if (!why.empty()) return why;
    why = Run({(programs_ / "pg_ctl").string(), "start", "--wait", "--pgdata=" + Data(),
               "--log=" + (directory_ / "log").string(),
               "--options=-c listen_addresses='' -c fsync=off -k " + directory_.string() + " -p " +
                   port()});
    runs_ = why.empty();
    return why;
  }
  void Stop() {
    if (!runs_) return;
    runs_ = false;
    Run({(programs_ / "pg_ctl").string(), "stop", "--mode=immediate", "--pgdata=" + Data()});
  }

  const std::filesystem::path& programs() const { return programs_; }
  const std::filesystem::path& socket_dir() const { return directory_; }
  // Only the name of the socket in the private directory.
  static std::string port() { return "4711"; }

  // Lines of answers; "error" and what it says when the server refuses.
  std::string Ask(const std::string& database, const std::string& sql) const {
    return AskClient(
        {"psql", "-XqAt", "--set=ON_ERROR_STOP=1"},
        {"PATH=" + programs_.string() + ":/usr/bin:/bin", "PGHOST=" + directory_.string(),
         "PGPORT=" + port(), "PGUSER=postgres", "PGDATABASE=" + database, ServerLibraryPath()},
        sql);
  }

 private:
  std::string Data() const { return (directory_ / "data").string(); }

  std::string Run(const std::vector<std::string>& argv) const {
    return RunAsServerUser(argv, directory_);
  }

  std::filesystem::path programs_;
  std::filesystem::path directory_;
  bool runs_ = false;
};

}  // namespace eris::dysnomia
