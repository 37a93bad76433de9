#include "dysnomia/module.h"

#include <unistd.h>

#include <array>

#include "dysnomia/modules/built_in.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace {

using Getter = const BuiltInModule& (*)();
constexpr std::array<Getter, 6> kBuiltIns{
    EchoModule,         WrapperModule, ProcessModule, FilesetModule, PostgresqlDatabaseModule,
    MysqlDatabaseModule};

}  // namespace

std::string ActivityContext::Property(std::string_view name, std::string_view fallback) const {
  const auto found = environment.find(std::string(name));
  return std::string(found == environment.end() || found->second.empty() ? fallback
                                                                         : found->second);
}

std::string ActivityContext::ComponentName() const {
  return snapshots::ComponentNameOf(component,
                                    Property("NIX_STORE_DIR", snapshots::kDefaultStoreDirectory));
}

std::vector<std::string> ActivityContext::EnvironmentList() const {
  std::vector<std::string> list;
  list.reserve(environment.size());
  for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
  return list;
}

const BuiltInModule* FindBuiltIn(std::string_view name) {
  for (const Getter get : kBuiltIns) {
    if (get().name == name) return &get();
  }
  return nullptr;
}

std::vector<std::string_view> BuiltInNames() {
  std::vector<std::string_view> names;
  names.reserve(std::size(kBuiltIns));
  for (const Getter get : kBuiltIns) names.push_back(get().name);
  return names;
}

void Say(std::string_view line) {
  // Output is for people; an activity does not fail because nobody can read about it.
  static_cast<void>(WriteAll(STDOUT_FILENO, std::string(line) + "\n"));
}

Status RunTool(const ActivityContext& context, const std::vector<std::string>& argv,
               const std::filesystem::path& working_directory) {
  SpawnOptions options;
  options.argv = argv;
  options.environment = context.EnvironmentList();
  options.working_directory = working_directory.string();
  options.stdout_fd = STDOUT_FILENO;
  options.stderr_fd = STDERR_FILENO;
  // Within an attempt this process leads the session, and a program's `kill 0` must not mean it; on
  // a terminal the program stays in the group that gets the interrupt key.
  if (::getsid(0) == ::getpid()) options.session = SpawnSession::kNewGroup;
  ERIS_ASSIGN(Child child, Spawn(options));
  ERIS_ASSIGN(const ExitStatus status, Reap(child));
  if (status.success()) return {};
  return Fail(ErrorCode::kInvalid, argv.front() + ": " + ToString(status));
}

}  // namespace eris::dysnomia
