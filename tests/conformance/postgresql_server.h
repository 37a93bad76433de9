// A PostgreSQL server of one test: its own data and socket directory, no network, an unprivileged
// user. Found where Debian or `scripts/setup --tests` put it.
#pragma once

#include <glob.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/base/command.h"
#include "schema/base/text.h"

namespace eris::dysnomia {

class PostgresqlServer {
 public:
  // Nothing where there is no such server on this machine.
  static std::optional<std::filesystem::path> FindPrograms() {
    const char* told = std::getenv("ERIS_POSTGRESQL_BIN");
    std::vector<std::string> patterns{ERIS_SERVERS_DIR "/usr/lib/postgresql/*/bin/initdb",
                                      "/usr/lib/postgresql/*/bin/initdb"};
    if (told != nullptr) patterns.insert(patterns.begin(), std::string(told) + "/initdb");
    for (const std::string& pattern : patterns) {
      ::glob_t found{};
      const bool any = ::glob(pattern.c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0;
      const std::string path = any ? found.gl_pathv[found.gl_pathc - 1] : "";
      ::globfree(&found);
      if (any) return std::filesystem::path(path).parent_path();
    }
    return std::nullopt;
  }

  PostgresqlServer(std::filesystem::path programs, std::filesystem::path directory)
      : programs_(std::move(programs)), directory_(std::move(directory)) {}
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;
  ~PostgresqlServer() { Stop(); }

  // Why not; empty when it runs.
  std::string Start() {
    std::filesystem::create_directories(directory_);
    if (::geteuid() == 0) {
      if (::chown(directory_.c_str(), kNobody, kNobody) != 0) return "chown";
    }
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
  // What unpacked programs need to find their libraries.
  static std::string library_path() {
    const std::string below = ERIS_SERVERS_DIR "/usr/lib/";
    return "LD_LIBRARY_PATH=" + below + "x86_64-linux-gnu:" + below + "aarch64-linux-gnu";
  }
  // Only the name of the socket in the private directory.
  static std::string port() { return "4711"; }

  // Lines of answers; "error" and what it says when the server refuses.
  std::string Ask(const std::string& database, const std::string& sql) const {
    CommandOptions options;
    options.environment = {"PATH=" + programs_.string() + ":/usr/bin:/bin",
                           "PGHOST=" + directory_.string(),
                           "PGPORT=" + port(),
                           "PGUSER=postgres",
                           "PGDATABASE=" + database,
                           library_path()};
    options.input = sql;
    const auto output = RunCommand({"psql", "-XqAt", "--set=ON_ERROR_STOP=1"}, options);
    if (!output) return "error: " + output.error().message;
    if (!output->status.success()) return "error: " + output->stderr_tail;
    return std::string(Trim(output->stdout_text));
  }

 private:
  static constexpr unsigned kNobody = 65534;

  std::string Data() const { return (directory_ / "data").string(); }

  std::string Run(std::vector<std::string> argv) const {
    if (::geteuid() == 0) {
      const std::vector<std::string> as{"setpriv", "--reuid=65534", "--regid=65534",
                                        "--clear-groups", "--"};
      argv.insert(argv.begin(), as.begin(), as.end());
    }
    CommandOptions options;
    options.working_directory = directory_.string();
    options.environment.push_back(library_path());
    const auto output = RunCommand(argv, options);
    if (!output) return output.error().message;
    return output->status.success() ? "" : output->stdout_text + output->stderr_tail;
  }

  std::filesystem::path programs_;
  std::filesystem::path directory_;
  bool runs_ = false;
};

}  // namespace eris::dysnomia
