#include "planner/models/nix_command.h"

#include <algorithm>

#include "schema/base/command.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr std::string_view kDiskFull = "No space left on device";

std::vector<std::string> Environment(const std::vector<std::string>& overrides) {
  std::vector<std::string> environment = CurrentEnvironment();
  for (const std::string& entry : overrides) {
    const std::string name = entry.substr(0, entry.find('=') + 1);
    std::erase_if(environment, [&](const std::string& one) { return one.starts_with(name); });
    environment.push_back(entry);
  }
  return environment;
}

constexpr std::string_view kErrorMark = "error:";
constexpr std::string_view kPositionMark = "at ";

// "at FILE:LINE:COLUMN:" without the mark and the last colon; empty when the line is something
// else.
std::string_view PositionIn(std::string_view line) {
  if (!line.starts_with(kPositionMark) || !line.ends_with(':')) return {};
  line.remove_prefix(kPositionMark.size());
  line.remove_suffix(1);
  return line;
}

// What the mark of `located` says: the innermost one, which stands nearest to the error. Nix prints
// the way to an error before or after it, depending on its version.
std::string_view Whereabouts(std::string_view stderr_text) {
  constexpr std::string_view kMark = "… eris: ";
  const std::size_t error = stderr_text.rfind(kErrorMark);
  if (error == std::string_view::npos) return {};
  std::size_t mark = stderr_text.find(kMark, error);
  if (mark == std::string_view::npos) mark = stderr_text.rfind(kMark, error);
  if (mark == std::string_view::npos) return {};
  const std::string_view rest = stderr_text.substr(mark + kMark.size());
  return Trim(rest.substr(0, rest.find('\n')));
}

bool IsTrace(std::string_view line) { return line.starts_with("…"); }

}  // namespace

std::string NixErrorLine(std::string_view stderr_text) {
  std::string message;
  std::string position;
  bool wants_message = false;
  bool in_trace = false;
  for (std::string_view raw : Split(stderr_text, '\n')) {
    const std::string_view line = Trim(raw);
    if (line.starts_with(kErrorMark)) {
      message = Trim(line.substr(kErrorMark.size()));
      position.clear();
      wants_message = message.empty();
      in_trace = false;
    } else if (wants_message && !line.empty()) {
      message = line;
      wants_message = false;
    } else if (IsTrace(line)) {
      in_trace = true;
    } else if (position.empty() && !message.empty() && !in_trace) {
      position = PositionIn(line);
    }
  }
  if (message.empty()) message = Trim(stderr_text.substr(0, stderr_text.find('\n')));
  if (!position.empty()) message += " (at " + position + ")";
  const std::string_view where = Whereabouts(stderr_text);
  return where.empty() ? message : std::string(where) + ": " + message;
}

std::string NixString(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '$') literal += '\\';
    literal += c;
  }
  return literal + '"';
}

Result<std::string> EvaluateNix(const std::string& expression, const NixOptions& options) {
  std::vector<std::string> argv = {options.program,     "--eval",       "--strict", "--json",
                                   "--read-write-mode", "--show-trace", "-"};
  if (options.features == NixOptions::Features::kFlakes) {
    argv.insert(argv.end(), {"--option", "extra-experimental-features", "flakes"});
  }
  if (!options.nixpkgs.empty()) argv.insert(argv.end(), {"-I", "nixpkgs=" + options.nixpkgs});
  CommandOptions run;
  run.environment = Environment(options.environment);
  run.input = expression;
  run.timeout = std::chrono::hours(1);
  run.stdout_limit_bytes = std::size_t{1} << 30;
  run.stderr_tail_bytes = std::size_t{1} << 20;
  ERIS_ASSIGN(CommandOutput output, RunCommand(argv, run));
  if (output.status.success()) return std::move(output.stdout_text);
  if (output.status.kind == ExitStatus::Kind::kSignaled) {
    return Fail(ErrorCode::kInternal, options.program + ": " + ToString(output.status));
  }
  if (output.stderr_tail.find(kDiskFull) != std::string::npos) {
    return Fail(ErrorCode::kUnavailable, NixErrorLine(output.stderr_tail),
                "make room where the Nix store and the temporary files of this machine are");
  }
  return options.show_trace ? Fail(ErrorCode::kInvalid, std::string(Trim(output.stderr_tail)))
                            : Fail(ErrorCode::kInvalid, NixErrorLine(output.stderr_tail),
                                   "correct the model; --show-trace tells how Nix came there");
}

}  // namespace eris
