// dysnomia: runs the activities of components. Wiring only.
#include <unistd.h>

#include <cstdlib>

#include "dysnomia/command.h"
#include "dysnomia/options.h"
#include "dysnomia/runner.h"
#include "dysnomia/snapshot_command.h"
#include "schema/base/crash_point.h"
#include "schema/base/files.h"
#include "schema/base/process.h"

namespace {

constexpr std::string_view kVersion = "dysnomia (Eris " ERIS_VERSION ")\n";

int Print(std::string_view text) { return eris::WriteAll(STDOUT_FILENO, text) ? 0 : 1; }

int Report(const eris::Error& error) {
  std::string text = "dysnomia: " + error.message + "\n";
  if (!error.fix.empty()) text += error.fix + "\n";
  static_cast<void>(eris::WriteAll(STDERR_FILENO, text));
  return 1;
}

int RunActivity(const eris::dysnomia::Options& options) {
  eris::dysnomia::Environment environment;
  for (const std::string& variable : eris::CurrentEnvironment()) {
    const std::size_t equals = variable.find('=');
    if (equals != std::string::npos) {
      environment[variable.substr(0, equals)] = variable.substr(equals + 1);
    }
  }
  const auto exit_status = eris::dysnomia::RunCommandLine(options, environment);
  return exit_status ? *exit_status : Report(exit_status.error());
}

int RunAttempt(const eris::dysnomia::Options& options) {
  auto settings = eris::dysnomia::SettingsFrom(eris::CurrentEnvironment());
  const char* crash = std::getenv("ERIS_CRASH_AT");
  const auto observer = eris::MakeCrashPoint(crash == nullptr ? "" : crash, "dysnomia");
  if (!observer) return Report(observer.error());
  settings.observer = observer->get();
  const eris::Status status = options.mode == eris::dysnomia::Mode::kAttempt
                                  ? eris::dysnomia::RunAttempt(options.attempt, settings)
                                  : eris::dysnomia::RunAttempts(options.attempt, settings);
  return status ? 0 : Report(status.error());
}

int RunSnapshots(const eris::dysnomia::Options& options) {
  const auto text = eris::dysnomia::RunSnapshotCommand(options.words);
  return text ? Print(*text) : Report(text.error());
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = eris::dysnomia::ParseOptions({argv + 1, argv + argc});
  if (!options) return Report(options.error());
  switch (options->mode) {
    case eris::dysnomia::Mode::kHelp:
      return Print(eris::dysnomia::kUsage);
    case eris::dysnomia::Mode::kVersion:
      return Print(kVersion);
    case eris::dysnomia::Mode::kAttempt:
    case eris::dysnomia::Mode::kAttempts:
      return RunAttempt(*options);
    case eris::dysnomia::Mode::kSnapshots:
      return RunSnapshots(*options);
    case eris::dysnomia::Mode::kActivity:
      return RunActivity(*options);
  }
  return 1;
}
