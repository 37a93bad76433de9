// The inside of `dysnomia --attempt DIR` and `--attempts DIR`: takes the lock, runs the batch,
// writes the outcome. One attempt at a time. attempt.h is the agreement with the worker.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "dysnomia/attempt.h"
#include "dysnomia/module.h"
#include "dysnomia/module_finder.h"
#include "schema/base/error.h"
#include "schema/base/turn.h"

namespace eris::dysnomia {

// The labelled points of an attempt.
inline constexpr std::string_view kBeforeLock = "before-lock";
inline constexpr std::string_view kAfterLock = "after-lock";
inline constexpr std::string_view kBeforeActivity = "before-activity";
inline constexpr std::string_view kAfterActivity = "after-activity";
inline constexpr std::string_view kBeforeOutcome = "before-outcome";
inline constexpr std::string_view kAfterOutcome = "after-outcome";

// What the runner takes from its own environment, read once by main.
struct RunnerSettings {
  std::vector<std::filesystem::path> modules_path;  // DYSNOMIA_MODULES_PATH
  std::filesystem::path secrets_dir;                // ERIS_SECRETS_DIR
  Environment inherited;             // what modules inherit: all but names that begin with "ERIS_"
  TurnObserver* observer = nullptr;  // borrowed; tests kill this process at its points
};
RunnerSettings SettingsFrom(const std::vector<std::string>& environment);

// After success there is an outcome. Fails when there was nothing to run (withdrawn, or run
// already) or the outcome could not be written. Changes the process: session, signals, working
// directory.
Status RunAttempt(const std::filesystem::path& dir, const RunnerSettings& settings);

// The same for each attempt that the socket on standard input names, until that ends, a request to
// stop comes, or one has failed or has started a program: what such a program leaves behind belongs
// to the session of its attempt and to no later one.
Status RunAttempts(const std::filesystem::path& attempts_dir, const RunnerSettings& settings);

// Runs the activity in this process, which a foreign module replaces; the exit status of the
// process. Precondition: the module implements it.
int ExecuteActivity(const FoundModule& module, const ActivityContext& context);

}  // namespace eris::dysnomia
