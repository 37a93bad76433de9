#include "dysnomia/command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "dysnomia/container_file.h"
#include "dysnomia/module_finder.h"
#include "dysnomia/runner.h"
#include "schema/base/files.h"
#include "schema/base/process.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxContainerFile = 1U << 20U;

std::string Variable(const Environment& environment, const std::string& name,
                     std::string_view fallback) {
  const auto found = environment.find(name);
  return std::string(found == environment.end() || found->second.empty() ? fallback
                                                                         : found->second);
}

// NAME as a path, or the first DIR/BELOW/NAME of a search path that exists; symbolic links
// resolved.
Result<fs::path> Locate(const std::string& name, const fs::path& below, const std::string& dirs) {
  std::error_code error;
  if (IsPath(name)) {
    const fs::path found = fs::canonical(name, error);
    if (!error) return found;
    return Fail(ErrorCode::kNotFound, "there is no " + name);
  }
  for (const fs::path& dir : SplitSearchPath(dirs)) {
    const fs::path found = fs::canonical(dir / below / name, error);
    if (!error) return found;
  }
  return Fail(ErrorCode::kNotFound, "there is no " + (below / name).string() + " in " + dirs,
              "give its path, or name its folder in the search path");
}

fs::path StateDir(const Environment& environment) {
  const std::string home = Variable(environment, "HOME", "/");
  return Variable(environment, "DYSNOMIA_STATEDIR",
                  ::geteuid() == 0 ? "/var/state/dysnomia" : home + "/.dysnomia");
}

struct Container {
  std::string name;
  std::string type;
  Environment environment;  // of the module
};

Result<Container> ReadContainer(const Options& options, const Environment& environment) {
  const std::string dirs =
      Variable(environment, "DYSNOMIA_CONTAINERS_PATH", "/etc/dysnomia/containers");
  ERIS_ASSIGN(const fs::path file, Locate(options.container, {}, dirs));
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMaxContainerFile));
  auto properties = ParseAssignments(text);
  if (!properties) return Fail(std::move(properties).error().In(file.string()));
  Container container{
      .name = IsPath(options.container) ? file.filename().string() : options.container,
      .type = options.type.empty() ? (*properties)["type"] : options.type,
      .environment = *std::move(properties)};
  container.environment.erase("type");
  if (container.type.empty()) {
    return Fail(ErrorCode::kInvalid, file.string() + " names no type", "add a line type=\"…\"");
  }
  // As with Dysnomia nothing else of the caller's environment reaches the module.
  container.environment["PATH"] = Variable(environment, "PATH", "/usr/bin:/bin");
  return container;
}

Result<int> RunShell(const FoundModule& module, const ActivityContext& context,
                     const std::string& command) {
  const bool on_terminal = ::isatty(STDIN_FILENO) == 1;
  // Who leads a session but has no terminal yet takes this one, for the shell's jobs.
  if (on_terminal && ::getsid(0) == ::getpid()) {
    static_cast<void>(::ioctl(STDIN_FILENO, TIOCSCTTY, 0));
  }
  // Bash reads start-up commands from a file only.
  std::string rc = "[ -e ~/.bashrc ] && . ~/.bashrc\nPS1='[dysnomia-shell:\\w]\\$ '\n";
  if (!module.IsBuiltIn()) {
    rc += "source \"$this_dysnomia_module\" shell \"$this_component\" \"$this_container\"\n";
  }
  if (!command.empty()) {
    rc += command + "\nexit\n";
  } else if (!on_terminal) {
    rc += ". /dev/stdin\n";
  }
  std::string file = fs::temp_directory_path() / "dysnomia-shell-XXXXXX";
  UniqueFd fd(::mkstemp(file.data()));
  if (!fd.valid()) return Fail(ErrorCode::kInternal, "cannot make " + file);
  Status written = WriteAll(fd.get(), "rm -f " + file + "\n" + rc);
  if (!written) return Fail(std::move(written).error().In(file));
  SpawnOptions options;
  options.argv = {"bash", file};
  if (on_terminal) options.argv = {"bash", "--rcfile", file, "-i"};
  options.environment = context.EnvironmentList();
  options.environment.push_back("this_dysnomia_module=" +
                                (module.IsBuiltIn() ? module.type : module.path.string()));
  options.environment.push_back("this_component=" + context.component.string());
  options.environment.push_back("this_container=" + context.container);
  options.stdin_fd = STDIN_FILENO;
  options.stdout_fd = STDOUT_FILENO;
  options.stderr_fd = STDERR_FILENO;
  ERIS_ASSIGN(Child child, Spawn(options));
  ERIS_ASSIGN(const ExitStatus status, Reap(child));
  return status.kind == ExitStatus::Kind::kExited ? status.value : 128 + status.value;
}

}  // namespace

Result<int> RunCommandLine(const Options& options, const Environment& environment) {
  Container container{options.container, options.type, environment};
  if (options.properties == PropertySource::kContainerFile) {
    ERIS_ASSIGN(container, ReadContainer(options, environment));
  }
  const std::string components =
      Variable(environment, "DYSNOMIA_COMPONENTS_PATH", "/etc/dysnomia/components");
  ERIS_ASSIGN(const fs::path component, Locate(options.component, container.name, components));
  const auto modules = SplitSearchPath(Variable(environment, "DYSNOMIA_MODULES_PATH", ""));
  ERIS_ASSIGN(const FoundModule module, FindModule(container.type, modules));
  ActivityContext context{.kind = *options.operation,
                          .component = component,
                          .container = container.name,
                          .state_dir = StateDir(environment),
                          .environment = std::move(container.environment)};
  context.environment["DYSNOMIA_STATEDIR"] = context.state_dir.string();
  if (context.kind == ActivityKind::kShell) return RunShell(module, context, options.command);
  if (!module.activities.Contains(context.kind)) return kExitUnimplemented;
  return ExecuteActivity(module, context);
}

}  // namespace eris::dysnomia
