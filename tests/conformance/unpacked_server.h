// What servers of tests have in common: they are found where Debian or `scripts/setup --tests` put
// them, run as an unprivileged user below a directory of the test's own, and answer a client.
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

// The newest file that one of the patterns finds; below the unpacked servers first, then installed.
inline std::optional<std::filesystem::path> FindServerProgram(const std::string& pattern) {
  for (const std::string& where : {std::string(ERIS_SERVERS_DIR), std::string()}) {
    ::glob_t found{};
    const bool any =
        ::glob((where + pattern).c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0;
    const std::string path = any ? found.gl_pathv[found.gl_pathc - 1] : "";
    ::globfree(&found);
    if (any) return path;
  }
  return std::nullopt;
}

// What unpacked programs need to find their libraries.
inline std::string ServerLibraryPath() {
  const std::string below = ERIS_SERVERS_DIR "/usr/lib/";
  return "LD_LIBRARY_PATH=" + below + "x86_64-linux-gnu:" + below + "aarch64-linux-gnu";
}

// Made for the user that the server runs as.
inline bool MakeServerDirectory(const std::filesystem::path& directory) {
  static constexpr unsigned kNobody = 65534;
  std::filesystem::create_directories(directory);
  return ::geteuid() != 0 || ::chown(directory.c_str(), kNobody, kNobody) == 0;
}

inline std::vector<std::string> AsServerUser(std::vector<std::string> argv) {
  if (::geteuid() != 0) return argv;
  const std::vector<std::string> as{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                    "--"};
  argv.insert(argv.begin(), as.begin(), as.end());
  return argv;
}

// Why not; empty when it ended well.
inline std::string RunAsServerUser(const std::vector<std::string>& argv,
                                   const std::filesystem::path& directory,
                                   const std::vector<std::string>& environment = {}) {
  CommandOptions options;
  options.working_directory = directory.string();
  options.environment.push_back(ServerLibraryPath());
  options.environment.insert(options.environment.end(), environment.begin(), environment.end());
  const auto output = RunCommand(AsServerUser(argv), options);
  if (!output) return output.error().message;
  return output->status.success() ? "" : output->stdout_text + output->stderr_tail;
}

// Lines of answers; "error" and what it says when the server refuses.
inline std::string AskClient(const std::vector<std::string>& argv,
                             const std::vector<std::string>& environment, const std::string& sql) {
  CommandOptions options;
  options.environment = environment;
  options.input = sql;
  const auto output = RunCommand(argv, options);
  if (!output) return "error: " + output.error().message;
  if (!output->status.success()) return "error: " + output->stderr_tail;
  return std::string(Trim(output->stdout_text));
}

}  // namespace eris::dysnomia
