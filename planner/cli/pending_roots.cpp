#include "planner/cli/pending_roots.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/nix_commands.h"

namespace eris::cli {

PendingRoots::PendingRoots(std::string directory, std::vector<std::string> environment)
    : directory_(std::move(directory) + "/pending"), environment_(std::move(environment)) {}

std::string PendingRoots::FolderOf(const SubmissionId& submission) const {
  return directory_ + "/" + submission.text;
}

Status PendingRoots::Protect(const SubmissionId& submission, const Manifest& manifest) const {
  std::vector<StorePath> derivations;
  for (const auto& [target, profile] : manifest.profiles) {
    if (!profile.derivation.empty()) derivations.push_back(profile.derivation);
  }
  if (derivations.empty()) return {};
  if (!IsSafeFileName(submission.text)) {
    return Fail(ErrorCode::kInvalid, "'" + submission.text + "' cannot be the name of a folder");
  }
  const std::string folder = FolderOf(submission);
  ERIS_TRY(MakeDirectories(folder, 0700));
  for (const NixCommand& command : AddDerivationRootsCommands(derivations, folder + "/root")) {
    ERIS_ASSIGN(const CommandOutput output, RunCommand(command, {.environment = environment_}));
    if (output.status.success()) continue;
    return Fail(ErrorCode::kUnavailable,
                command.front() + " " + ToString(output.status) + ": " + output.stderr_tail);
  }
  return {};
}

Status PendingRoots::Drop(const SubmissionId& submission) const {
  return RemoveTree(FolderOf(submission));
}

std::vector<PendingRoots::Entry> PendingRoots::Entries() const {
  std::vector<Entry> entries;
  std::error_code error;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const auto written = entry.last_write_time(error);
    if (error) continue;
    entries.push_back({SubmissionId(entry.path().filename().string()),
                       std::chrono::duration_cast<Duration>(now - written)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.age > b.age; });
  return entries;
}

}  // namespace eris::cli
