#include "dysnomia/modules/process_spec.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "dysnomia/container_file.h"
#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfig = 1U << 20U;

struct Folders {
  fs::path records;
  fs::path logs;
};

Folders FoldersOf(const ActivityContext& context) {
  return {context.state_dir / "process" / context.container / context.component.filename(),
          context.state_dir / "process-logs" / context.container / context.ComponentName()};
}

ProcessSpec MakeSpec(const ActivityContext& context, std::string name) {
  const Folders folders = FoldersOf(context);
  const std::string runtime_dir = context.Property("runtimeDir", "");
  ProcessSpec spec;
  spec.pid_file = (runtime_dir.empty() ? folders.records : fs::path(runtime_dir)) / (name + ".pid");
  if (runtime_dir.empty()) spec.usual_pid_file = "/var/run/" + name + ".pid";
  spec.record_file = folders.records / (name + ".run");
  spec.log_file = folders.logs / (name + ".log");
  spec.name = std::move(name);
  return spec;
}

Result<std::vector<fs::path>> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  if (error) return Fail(ErrorCode::kInvalid, folder.string() + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

Result<ProcessSpec> FromConfig(const ActivityContext& context, const fs::path& file) {
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMaxConfig));
  auto settings = ParseAssignments(text);
  if (!settings) return Fail(std::move(settings).error().In(file.string()));
  ProcessSpec spec = MakeSpec(context, file.filename().string());
  auto words = SplitWords((*settings)["process"]);
  if (!words) return Fail(std::move(words).error().In(file.string()));
  spec.argv = *std::move(words);
  if (spec.argv.empty() || !fs::path(spec.argv.front()).is_absolute()) {
    return Fail(ErrorCode::kInvalid, file.string() + " names no program by an absolute path",
                "add a line process=\"/path/of/program\"");
  }
  if (const std::string& pid_file = (*settings)["pidFile"]; !pid_file.empty()) {
    spec.pid_file = pid_file;
    spec.usual_pid_file.clear();
  }
  return spec;
}

Result<ProcessSpec> FromProgram(const ActivityContext& context) {
  const fs::path folder = context.component / "bin";
  ERIS_ASSIGN(auto programs, FilesIn(folder));
  std::erase_if(programs, [](const fs::path& file) { return ::access(file.c_str(), X_OK) != 0; });
  if (programs.size() != 1) {
    return Fail(ErrorCode::kInvalid,
                folder.string() + " has " + std::to_string(programs.size()) +
                    " executables where a process component has one",
                "name what to run in etc/dysnomia/process/NAME: process=\"/path/of/program\"");
  }
  ProcessSpec spec = MakeSpec(context, programs.front().filename().string());
  spec.argv = {programs.front().string()};
  return spec;
}

Result<Duration> TimeProperty(const ActivityContext& context, std::string_view name, Duration unit,
                              Duration fallback) {
  const std::string text = context.Property(name, "");
  if (text.empty()) return fallback;
  const auto number = ParseUnsigned(text);
  constexpr std::uint64_t kMost = 1'000'000;
  if (number && *number <= kMost) return static_cast<std::int64_t>(*number) * unit;
  return Fail(ErrorCode::kInvalid, "property " + std::string(name) + " is '" + text +
                                       "' where a number of at most " + std::to_string(kMost) +
                                       " belongs");
}

}  // namespace

Result<std::vector<ProcessSpec>> ReadProcessSpecs(const ActivityContext& context) {
  const fs::path folder = context.component / "etc" / "dysnomia" / "process";
  std::vector<ProcessSpec> specs;
  if (!FileExists(folder.string())) {
    ERIS_ASSIGN(ProcessSpec spec, FromProgram(context));
    specs.push_back(std::move(spec));
    return specs;
  }
  ERIS_ASSIGN(const auto files, FilesIn(folder));
  for (const fs::path& file : files) {
    ERIS_ASSIGN(ProcessSpec spec, FromConfig(context, file));
    specs.push_back(std::move(spec));
  }
  if (specs.empty()) return Fail(ErrorCode::kInvalid, folder.string() + " names no process");
  return specs;
}

Result<ProcessTimes> ReadProcessTimes(const ActivityContext& context) {
  constexpr Duration kSecond{1000};
  ProcessTimes times;
  ERIS_ASSIGN(times.pid_file, TimeProperty(context, "timeout", kSecond, times.pid_file));
  ERIS_ASSIGN(times.settle, TimeProperty(context, "settleMs", Duration(1), times.settle));
  ERIS_ASSIGN(times.stop, TimeProperty(context, "stopTimeout", kSecond, times.stop));
  return times;
}

}  // namespace eris::dysnomia
