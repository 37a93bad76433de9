// The inside of `dysnomia --attempt DIR`: takes the lock, runs the batch, writes the outcome. One
// attempt a process. attempt.h is the agreement with the worker.
#pragma once

#include <filesystem>
#include <vector>

#include "dysnomia/attempt.h"
#include "dysnomia/module.h"
#include "dysnomia/module_finder.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

// What the runner takes from its own environment, read once by main.
struct RunnerSettings {
  std::vector<std::filesystem::path> modules_path;  // DYSNOMIA_MODULES_PATH
  std::filesystem::path secrets_dir;                // ERIS_SECRETS_DIR
  Environment inherited;  // what modules inherit: all but names that begin with "ERIS_"
};
RunnerSettings SettingsFrom(const std::vector<std::string>& environment);

// After success there is an outcome. Fails when there was nothing to run (withdrawn, or run
// already) or the outcome could not be written. Changes the process: session, signals, working
// directory.
Status RunAttempt(const std::filesystem::path& dir, const RunnerSettings& settings);

// Runs the activity in this process, which a foreign module replaces; the exit status of the
// process. Precondition: the module implements it.
int ExecuteActivity(const FoundModule& module, const ActivityContext& context);

}  // namespace eris::dysnomia
