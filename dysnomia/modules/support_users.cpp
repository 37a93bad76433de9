#include "dysnomia/modules/support_users.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "dysnomia/container_file.h"
#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDatabase = 16U << 20U;
constexpr std::size_t kMaxUsersConfig = 1U << 16U;

struct Entry {
  std::string name;
  Assignments settings;
  std::string Get(const std::string& key, std::string_view fallback = {}) const {
    const auto found = settings.find(key);
    if (found == settings.end() || found->second.empty()) return std::string(fallback);
    return found->second;
  }
};

Result<std::vector<Entry>> ReadEntries(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    ERIS_ASSIGN(const std::string text, ReadFile(file.path().string(), kMaxUsersConfig));
    auto settings = ParseAssignments(text);
    if (!settings) return Fail(std::move(settings).error().In(file.path().string()));
    entries.push_back({file.path().filename().string(), *std::move(settings)});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(ErrorCode::kInvalid, folder.string() + ": " + error.message());
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

// Whether a line of /etc/passwd or /etc/group begins with "NAME:". Read directly: a static program
// has no name service switch, and the tools below know local entries only, too.
Result<bool> IsKnown(const std::string& database, const std::string& name) {
  ERIS_ASSIGN(const std::string text, ReadFile(database, kMaxDatabase));
  return ("\n" + text).find("\n" + name + ":") != std::string::npos;
}

Status CreateUser(const ActivityContext& context, const Entry& user) {
  std::vector<std::string> argv{"useradd", "-d", user.Get("homeDir", "/dev/null"), "-s",
                                user.Get("shell", "/bin/sh")};
  const auto add = [&](std::string option, const std::string& value) {
    if (value.empty()) return;
    argv.push_back(std::move(option));
    argv.push_back(value);
  };
  add("-u", user.Get("uid"));
  add("-g", user.Get("group"));
  add("-c", user.Get("description"));
  argv.emplace_back(user.Get("createHomeDir").empty() ? "-M" : "-m");
  argv.push_back(user.name);
  ERIS_TRY(RunTool(context, argv));
  if (user.Get("password").empty()) return {};
  // By standard input: a command line can be read by everybody on the machine.
  CommandOptions options;
  options.input = user.name + ":" + user.Get("password") + "\n";
  ERIS_ASSIGN(const CommandOutput output, RunCommand({"chpasswd", "-e"}, options));
  if (output.status.success()) return {};
  return Fail(ErrorCode::kInvalid, "chpasswd of " + user.name + ": " + ToString(output.status));
}

Status CreateHomeOnly(const ActivityContext& context, const Entry& user) {
  const std::string home = user.Get("homeDir");
  if (home.empty()) return {};
  ERIS_TRY(MakeDirectories(home, 0755));
  return RunTool(context, {"chown", user.name + ":" + user.Get("group"), home});
}

Status Delete(const std::string& tool, const std::string& name) {
  constexpr int kInUse = 8;  // of userdel and groupdel alike
  ERIS_ASSIGN(const CommandOutput output, RunCommand({tool, name}));
  if (output.status.success()) return {};
  if (output.status.kind == ExitStatus::Kind::kExited && output.status.value == kInUse) {
    Say(name + " is still in use and stays");
    return {};
  }
  return Fail(ErrorCode::kInvalid, tool + " " + name + ": " + ToString(output.status) + " " +
                                       std::string(Trim(output.stderr_tail)));
}

}  // namespace

Status CreateSupportUsers(const ActivityContext& context) {
  if (::geteuid() != 0) return {};
  ERIS_ASSIGN(const auto groups, ReadEntries(context.component / "dysnomia-support" / "groups"));
  for (const Entry& group : groups) {
    ERIS_ASSIGN(const bool known, IsKnown("/etc/group", group.name));
    if (known) continue;
    std::vector<std::string> argv{"groupadd"};
    if (!group.Get("gid").empty()) argv.insert(argv.end(), {"-g", group.Get("gid")});
    argv.push_back(group.name);
    ERIS_TRY(RunTool(context, argv));
  }
  ERIS_ASSIGN(const auto users, ReadEntries(context.component / "dysnomia-support" / "users"));
  for (const Entry& user : users) {
    ERIS_ASSIGN(const bool known, IsKnown("/etc/passwd", user.name));
    if (!known && user.Get("createHomeDirOnly").empty()) ERIS_TRY(CreateUser(context, user));
    if (!user.Get("createHomeDirOnly").empty()) ERIS_TRY(CreateHomeOnly(context, user));
  }
  return {};
}

Status DeleteSupportUsers(const ActivityContext& context) {
  if (::geteuid() != 0) return {};
  ERIS_ASSIGN(const auto users, ReadEntries(context.component / "dysnomia-support" / "users"));
  for (const Entry& user : users) {
    ERIS_ASSIGN(const bool known, IsKnown("/etc/passwd", user.name));
    if (known && user.Get("createHomeDirOnly").empty()) ERIS_TRY(Delete("userdel", user.name));
  }
  ERIS_ASSIGN(const auto groups, ReadEntries(context.component / "dysnomia-support" / "groups"));
  for (const Entry& group : groups) {
    ERIS_ASSIGN(const bool known, IsKnown("/etc/group", group.name));
    if (known) ERIS_TRY(Delete("groupdel", group.name));
  }
  return {};
}

}  // namespace eris::dysnomia
