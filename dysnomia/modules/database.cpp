#include "dysnomia/modules/database.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "schema/base/clock.h"
#include "schema/base/command.h"
#include "schema/base/text.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;
using snapshots::SnapshotStore;

constexpr int kPauseMs = 250;

Status Restore(const ActivityContext& context, DatabaseServer& server) {
  const auto file = NewestDump(context, kDumpFile);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    Say(file.error().message);
    return {};
  }
  if (!file) return Fail(Error(file.error()));
  return server.RestoreFrom(*file);
}

Status DeleteState(const ActivityContext& context, DatabaseServer& server) {
  const SnapshotStore store(context.state_dir);
  if (!store.IsGarbage(StateKeyOf(context))) {
    Say("nothing here is garbage");
    return {};
  }
  ERIS_TRY(server.Drop());
  return store.UnmarkGarbage(StateKeyOf(context));
}

}  // namespace

void PauseForServer() { ::poll(nullptr, 0, kPauseMs); }

Status AwaitServer(const ActivityContext& context, const std::function<Status()>& ask) {
  const auto seconds = ParseUnsigned(context.Property("timeout", "10"));
  if (!seconds) return Fail(ErrorCode::kInvalid, "timeout is no number of seconds");
  const auto end = SystemClock().Read().steady + std::chrono::seconds(*seconds);
  for (;;) {
    const Status answered = ask();
    if (answered) return {};
    if (SystemClock().Read().steady >= end) {
      return Fail(Error(answered.error()).In("the server does not answer"));
    }
    PauseForServer();
  }
}

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += c;
    quoted += c;
  }
  return quoted + quote;
}

Result<std::string> AskServer(const StreamProgram& client, const std::string& sql) {
  CommandOptions options;
  options.environment = client.environment;
  options.input = sql;
  options.timeout = std::chrono::hours(24);  // the activity's own deadline comes first
  ERIS_ASSIGN(const CommandOutput output, RunCommand(client.argv, options));
  if (output.status.success()) return std::string(Trim(output.stdout_text));
  const std::string_view told = Trim(output.stderr_tail);
  return Fail(
      ErrorCode::kInvalid,
      client.argv.front() + ": " + (told.empty() ? ToString(output.status) : std::string(told)));
}

Result<std::vector<fs::path>> InitialState(const ActivityContext& context,
                                           std::string_view folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(context.component / folder, error)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(ErrorCode::kInternal, context.component.string() + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Status RunDatabaseActivity(const ActivityContext& context, DatabaseServer& server) {
  const SnapshotStore store(context.state_dir);
  switch (context.kind) {
    case ActivityKind::kActivate:
      ERIS_TRY(server.Open());
      return store.MarkActive(StateKeyOf(context));
    case ActivityKind::kDeactivate:
      ERIS_TRY(server.Close());
      return store.MarkGarbage(StateKeyOf(context));
    case ActivityKind::kSnapshot:
      return server.TakeSnapshot();
    case ActivityKind::kRestore:
      return Restore(context, server);
    case ActivityKind::kDeleteState:
      return DeleteState(context, server);
    case ActivityKind::kLock:
    case ActivityKind::kUnlock:
    case ActivityKind::kStatus:
    case ActivityKind::kShell:
    case ActivityKind::kBase:
      break;
  }
  return Fail(ErrorCode::kInternal, "databases have no such activity");
}

Result<ComponentStatus> DatabaseStatus(const ActivityContext& context, DatabaseServer& server) {
  ERIS_ASSIGN(const bool is_open, server.IsOpen());
  const bool active = SnapshotStore(context.state_dir).IsActive(StateKeyOf(context));
  return is_open && active ? ComponentStatus::kActive : ComponentStatus::kInactive;
}

BuiltInModule DatabaseModule(std::string_view name, Status (*run)(const ActivityContext&),
                             Result<ComponentStatus> (*status)(const ActivityContext&)) {
  BuiltInModule made;
  made.name = name;
  for (const ActivityKind kind :
       {ActivityKind::kActivate, ActivityKind::kDeactivate, ActivityKind::kSnapshot,
        ActivityKind::kRestore, ActivityKind::kDeleteState, ActivityKind::kStatus}) {
    made.activities.Add(kind);
  }
  made.run = run;
  made.status = status;
  return made;
}

}  // namespace eris::dysnomia
