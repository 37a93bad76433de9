#include "state/build_failures.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr std::size_t kNamed = 5;        // failures that are told of by name
constexpr std::size_t kLogLines = 20;    // of all their logs together
constexpr std::size_t kFewestLines = 3;  // of each
constexpr std::size_t kLineBytes = 200;  // what a line may have

constexpr std::string_view kError = "error:";
constexpr std::string_view kReason = "Reason:";
constexpr std::string_view kDerivation = ".drv'";

// The quoted derivation in a line, without its quotes; empty when there is none.
std::string_view DerivationIn(std::string_view line) {
  const std::size_t end = line.find(kDerivation);
  if (end == std::string_view::npos) return {};
  const std::size_t begin = line.rfind('\'', end);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin + 1, end + kDerivation.size() - 1 - (begin + 1));
}

// Lines about derivations that only needed a failed one, and the summary of all at the end.
bool IsConsequence(std::string_view message) {
  return message.starts_with("build of '") ||
         message.find("dependencies of derivation") != std::string_view::npos ||
         message.find("dependency failed") != std::string_view::npos;
}

std::string_view WithoutEnd(std::string_view text) {
  while (!text.empty() && (text.back() == ';' || text.back() == '.')) text.remove_suffix(1);
  return Trim(text);
}

// What the message says beside the name: all of it where that stands in the middle.
std::string WhyOf(std::string_view message, std::string_view derivation) {
  constexpr std::string_view kBuilderFor = "builder for '";
  if (!message.starts_with(kBuilderFor)) return std::string(WithoutEnd(message));
  return std::string(WithoutEnd(message.substr(kBuilderFor.size() + derivation.size() + 1)));
}

std::string NameOf(const BuildFailure& failure) {
  constexpr std::size_t kHashAndDash = 33;
  const std::string base = FileNameOf(failure.derivation.text);
  return base.size() > kHashAndDash ? base.substr(kHashAndDash) : base;
}

std::span<const BuildFailure> Named(const std::vector<BuildFailure>& failures) {
  return std::span(failures).first(std::min(failures.size(), kNamed));
}

std::string AndMore(const std::vector<BuildFailure>& failures) {
  if (failures.size() <= kNamed) return {};
  return "and " + std::to_string(failures.size() - kNamed) + " more";
}

}  // namespace

std::vector<BuildFailure> ParseBuildFailures(std::string_view nix_stderr) {
  constexpr std::string_view kLogMark = "> ";
  std::vector<BuildFailure> failures;
  bool in_failure = false;
  for (const std::string_view raw : Split(nix_stderr, '\n')) {
    const std::string_view line = Trim(raw);
    if (line.starts_with(kError)) {
      const std::string_view message = Trim(line.substr(kError.size()));
      const std::string_view derivation = DerivationIn(message);
      in_failure = !derivation.empty() && !IsConsequence(message);
      if (!in_failure) continue;
      failures.push_back({StorePath(std::string(derivation)), WhyOf(message, derivation), {}});
    } else if (in_failure && line.starts_with(kReason)) {
      failures.back().why = WithoutEnd(Trim(line.substr(kReason.size())));
      if (IsConsequence(failures.back().why)) {
        failures.pop_back();
        in_failure = false;
      }
    } else if (in_failure && (line.starts_with(kLogMark) || line == ">")) {
      failures.back().lines.emplace_back(line.substr(std::min(kLogMark.size(), line.size())));
    }
  }
  return failures;
}

std::string NameBuildFailures(const std::vector<BuildFailure>& failures) {
  std::string text;
  for (const BuildFailure& failure : Named(failures)) {
    text += (text.empty() ? "" : "; ") + NameOf(failure) + ": " + failure.why;
  }
  const std::string more = AndMore(failures);
  return more.empty() ? text : text + "; " + more;
}

std::string LogOfBuildFailures(const std::vector<BuildFailure>& failures) {
  const std::span<const BuildFailure> named = Named(failures);
  if (named.empty()) return {};
  const std::size_t room = std::max(kFewestLines, kLogLines / named.size() - 1);
  std::string text;
  for (const BuildFailure& failure : named) {
    text += failure.derivation.text + " " + failure.why + "\n";
    const std::size_t count = failure.lines.size();
    for (std::size_t i = count > room ? count - room : 0; i < count; ++i) {
      text += "  " + failure.lines[i].substr(0, kLineBytes) + "\n";
    }
  }
  const std::string more = AndMore(failures);
  return more.empty() ? text : text + more + "\n";
}

}  // namespace eris
