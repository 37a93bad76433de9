#include "dysnomia/module_finder.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "dysnomia/module.h"
#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDeclaration = ".activities";
constexpr std::size_t kMaxDeclaration = 4096;

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

Status AddWords(std::string_view line, const fs::path& declaration, ActivitySet& activities) {
  for (std::string_view rest = Trim(line.substr(0, line.find('#'))); !rest.empty();) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r"), rest.size());
    const auto kind = ParseActivityKind(rest.substr(0, end));
    if (!kind) {
      return Fail(ErrorCode::kInvalid, declaration.string() + ": unknown activity '" +
                                           std::string(rest.substr(0, end)) + "'");
    }
    activities.Add(*kind);
    rest = Trim(rest.substr(end));
  }
  return {};
}

Result<ActivitySet> DeclaredActivities(const fs::path& module) {
  const fs::path declaration = module.native() + std::string(kDeclaration);
  if (!FileExists(declaration.string())) return AllActivitiesBut(ActivityKind::kStatus);
  ERIS_ASSIGN(const std::string text, ReadFile(declaration.string(), kMaxDeclaration));
  ActivitySet activities;
  for (const std::string_view line : Split(text, '\n')) {
    ERIS_TRY(AddWords(line, declaration, activities));
  }
  return activities;
}

Result<FoundModule> Foreign(std::string type, const fs::path& path) {
  ERIS_ASSIGN(const ActivitySet activities, DeclaredActivities(path));
  return FoundModule{std::move(type), path, activities};
}

Result<FoundModule> FromPackage(const fs::path& package) {
  const fs::path folder = package / "libexec" / "dysnomia";
  std::vector<fs::path> programs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (IsProgram(entry.path())) programs.push_back(entry.path());
  }
  if (programs.size() == 1) return Foreign(programs.front().filename(), programs.front());
  if (programs.empty()) {
    return Fail(ErrorCode::kNotFound, "no module in " + folder.string(),
                "a package that brings a module has it in libexec/dysnomia");
  }
  return Fail(ErrorCode::kInvalid, "several modules in " + folder.string(),
              "name one of them by its path");
}

Result<FoundModule> FromPath(const fs::path& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  std::error_code error;
  if (fs::is_directory(absolute, error)) return FromPackage(absolute);
  if (IsProgram(absolute)) return Foreign(absolute.filename(), absolute);
  return Fail(ErrorCode::kNotFound, "module " + absolute.string() + " is no program",
              "it must exist and be executable");
}

}  // namespace

bool IsPath(std::string_view name) { return name.starts_with("/") || name.starts_with("./"); }

std::vector<fs::path> SplitSearchPath(std::string_view text) {
  std::vector<fs::path> parts;
  for (const std::string_view part : Split(text, ':')) {
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

Result<FoundModule> FindModule(std::string_view type, const std::vector<fs::path>& modules_path) {
  if (IsPath(type)) return FromPath(type);
  if (!IsSafeFileName(type)) {
    return Fail(ErrorCode::kInvalid, "'" + std::string(type) + "' is no name of a module");
  }
  for (const fs::path& folder : modules_path) {
    const fs::path candidate = fs::absolute(folder / type);
    if (IsProgram(candidate)) return Foreign(std::string(type), candidate);
  }
  const BuiltInModule* const built_in = FindBuiltIn(type);
  if (built_in != nullptr) {
    return FoundModule{std::string(type), {}, built_in->activities};
  }
  std::string places;
  for (const fs::path& folder : modules_path) places.append(folder.native()).append(", ");
  std::string names;
  for (const std::string_view name : BuiltInNames()) names.append(" ").append(name);
  return Fail(ErrorCode::kNotFound,
              "there is no module '" + std::string(type) + "' in " + places +
                  "and none is built in; built in are:" + names,
              "name its folder in DYSNOMIA_MODULES_PATH");
}

}  // namespace eris::dysnomia
