// A MariaDB server of one test: its own data directory and socket, no network.
#pragma once

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/process.h"
#include "tests/conformance/unpacked_server.h"

namespace eris::dysnomia {

class MariadbServer {
 public:
  // The folder above bin and sbin; nothing where there is no such server on this machine.
  static std::optional<std::filesystem::path> FindPrograms() {
    const auto server = FindServerProgram("/usr/sbin/mariadbd");
    if (!server) return std::nullopt;
    return server->parent_path().parent_path();
  }

  MariadbServer(std::filesystem::path base, std::filesystem::path directory)
      : base_(std::move(base)), directory_(std::move(directory)) {}
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;
  ~MariadbServer() { Stop(); }

  // Why not; empty when it answers.
  std::string Start() {
    if (!MakeServerDirectory(directory_)) return "chown";
    const std::string base = "--basedir=" + base_.string();
    const std::string data = "--datadir=" + (directory_ / "data").string();
    std::string why =
        RunAsServerUser({(base_ / "bin/mariadb-install-db").string(), "--no-defaults", base, data,
                         "--auth-root-authentication-method=normal", "--skip-test-db"},
                        directory_, {Path()});
    if (!why.empty()) return why;
    SpawnOptions options;
    options.argv = AsServerUser({(base_ / "sbin/mariadbd").string(), "--no-defaults", base, data,
                                 "--socket=" + socket().string(), "--skip-networking",
                                 "--pid-file=" + (directory_ / "pid").string(),
                                 "--log-error=" + (directory_ / "log").string(),
                                 "--innodb-flush-log-at-trx-commit=0", "--event-scheduler=ON",
                                 "--innodb-buffer-pool-size=32M",
                                 "--lc-messages-dir=" + (base_ / "share/mysql").string()});
    options.environment = {Path(), ServerLibraryPath()};
    options.working_directory = directory_.string();
    auto started = Spawn(options);
    if (!started) return started.error().message;
    server_ = *std::move(started);
    const auto end = SystemClock().Read().steady + std::chrono::seconds(60);
    while (Ask("", "SELECT 1") != "1") {
      if (SystemClock().Read().steady > end) return "it does not answer: " + Ask("", "SELECT 1");
      ::poll(nullptr, 0, 50);
    }
    return "";
  }
  void Stop() {
    if (!server_) return;
    // What it was asked to keep is of no interest any more.
    static_cast<void>(::kill(server_->pid, SIGKILL));
    static_cast<void>(Reap(*server_));
    server_.reset();
  }

  std::filesystem::path programs() const { return base_ / "bin"; }
  std::filesystem::path socket() const { return directory_ / "socket"; }
  std::string Path() const {
    return "PATH=" + programs().string() + ":" + (base_ / "sbin").string() +
           ":/usr/bin:/bin:/usr/sbin:/sbin";
  }
  std::vector<std::string> ClientArguments(const std::string& database) const {
    std::vector<std::string> argv{(programs() / "mariadb").string(),
                                  "--no-defaults",
                                  "--user=root",
                                  "--socket=" + socket().string(),
                                  "--batch",
                                  "--raw",
                                  "--skip-column-names"};
    if (!password_.empty()) argv.push_back("--password=" + password_);
    if (!database.empty()) argv.push_back("--database=" + database);
    return argv;
  }

  // Columns are separated by tabs.
  std::string Ask(const std::string& database, const std::string& sql) const {
    return AskClient(ClientArguments(database), {Path(), ServerLibraryPath()}, sql);
  }
  void SetPassword(const std::string& password) {
    Ask("", "ALTER USER root@localhost IDENTIFIED BY '" + password + "'");
    password_ = password;
  }

 private:
  std::filesystem::path base_;
  std::filesystem::path directory_;
  std::string password_;
  std::optional<Child> server_;
};

}  // namespace eris::dysnomia
