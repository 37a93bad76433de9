// The interface of built-in modules: a name, what it implements, and functions that do it. A
// built-in module runs in a child process like a foreign one (standard output and error are the
// activity's output), and is started with the same four facts. To add one: docs/adding/module.md.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/activity.h"
#include "dysnomia/attempt.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

using Environment = std::map<std::string, std::string>;

// One activity of one component, as a module is given it. A value; lives as long as the activity.
struct ActivityContext {
  ActivityKind kind = ActivityKind::kActivate;
  std::filesystem::path component;  // absolute
  std::string container;
  std::filesystem::path state_dir;
  Environment environment;  // all of it; the container's properties are variables here

  // The property, or the fallback when it is missing or empty.
  std::string Property(std::string_view name, std::string_view fallback) const;
  // How the component's state is labelled; its path may be in the store that NIX_STORE_DIR names.
  std::string ComponentName() const;
  // "NAME=VALUE"
  std::vector<std::string> EnvironmentList() const;
};

struct BuiltInModule {
  std::string_view name;
  ActivitySet activities;
  // Every activity but kStatus. A failure means: not done, or not completely; running it again is
  // safe.
  Status (*run)(const ActivityContext& context) = nullptr;
  // Null: the module cannot say. Must not change anything.
  Result<ComponentStatus> (*status)(const ActivityContext& context) = nullptr;
};

// Null when there is none of this name.
const BuiltInModule* FindBuiltIn(std::string_view name);
std::vector<std::string_view> BuiltInNames();

// How `status` is told between processes, as with init scripts (LSB): 0 active, 3 inactive, 4
// unknown.
inline constexpr int kExitActive = 0;
inline constexpr int kExitInactive = 3;
inline constexpr int kExitUnknown = 4;

// For modules: a line of the activity's output.
void Say(std::string_view line);
// For modules: runs a program to its end; its output becomes the activity's. Any other end than
// exit 0 is a failure that names the program.
Status RunTool(const ActivityContext& context, const std::vector<std::string>& argv,
               const std::filesystem::path& working_directory = {});

}  // namespace eris::dysnomia
