#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "planner/cli/doctor.h"
#include "planner/cli/progress_text.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/journal.h"

namespace eris::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 4;  // of a state directory
constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kLittle = 1024 * kMiB;  // of free space
constexpr std::uint64_t kTooLittle = 128 * kMiB;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kAbsentMs = 60'000;

Diagnosis Good(std::string what) { return {Diagnosis::Grade::kGood, std::move(what), {}}; }
Diagnosis Warning(std::string what, std::string fix) {
  return {Diagnosis::Grade::kWarning, std::move(what), std::move(fix)};
}
Diagnosis Bad(std::string what, std::string fix) {
  return {Diagnosis::Grade::kBad, std::move(what), std::move(fix)};
}

// Keys and databases are their owner's alone.
void CheckPrivate(const std::string& path, Diagnoses& found) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return;
  constexpr mode_t kOthers = 077;
  if ((about.st_mode & kOthers) == 0) return;
  found.push_back(Bad(path + " can be read by others", "chmod 600 " + path));
}

void CheckSpace(const std::string& directory, Diagnoses& found) {
  struct statvfs about {};
  if (::statvfs(directory.c_str(), &about) != 0) return;
  const std::uint64_t free = std::uint64_t{about.f_bavail} * about.f_frsize;
  const std::string text = fmt::format("{} has {} MiB free", directory, free / kMiB);
  if (about.f_files > 0 && about.f_favail == 0) {
    found.push_back(Bad(directory + " has no inodes left", "delete small files there"));
  } else if (free < kTooLittle) {
    found.push_back(Bad(text + ": daemons stop when they cannot write",
                        "make room: eris collect-garbage, or a larger disk"));
  } else if (free < kLittle) {
    found.push_back(Warning(text, "make room: eris collect-garbage, or a larger disk"));
  } else {
    found.push_back(Good(text));
  }
}

void CheckJournal(const std::string& path, Diagnoses& found) {
  const auto journal = Journal::OpenReadOnly(path);
  if (!journal) {
    found.push_back(Bad(journal.error().message, journal.error().fix));
    return;
  }
  const auto head = (*journal)->LoadHead();
  if (!head) {
    found.push_back(Bad(head.error().message, head.error().fix));
    return;
  }
  found.push_back(Good(fmt::format("{}: {} events, {} transactions", path, head->last_event.value,
                                   head->last_transaction.value)));
}

// A root that points to nothing keeps nothing from the garbage collector.
void CheckRoot(const fs::directory_entry& entry, Diagnoses& found) {
  std::error_code failed;
  if (!entry.is_symlink(failed) || fs::exists(entry.path(), failed)) return;
  found.push_back(Bad("root " + entry.path().string() + " points to a path that is gone",
                      "deploy again: what is missing is built or fetched anew"));
}

// What a worker would have taken back at its start.
void CheckAttempt(const fs::path& attempt, WallTime now, Diagnoses& found) {
  struct stat about {};
  const std::string request = (attempt / "request").string();
  if (::stat(request.c_str(), &about) != 0) return;
  constexpr std::int64_t kPerSecond = 1'000;
  if (now.ms - about.st_mtim.tv_sec * kPerSecond < kDayMs) return;
  const std::string lock = (attempt / "lock").string();
  if (FileExists(lock) && !FileLock::TryAcquire(lock)) return;  // it runs
  if (FileExists((attempt / "outcome").string())) return;
  found.push_back(Warning("attempt " + attempt.string() + " was begun and never ended",
                          "start the worker of that target: it asks the module, or runs it again"));
}

// Named by what it holds, as daemons name it.
void CheckEntry(const fs::directory_entry& entry, WallTime now, Diagnoses& found) {
  const fs::path& path = entry.path();
  const std::string folder = path.parent_path().filename().string();
  if (path.filename() == "journal.db") CheckJournal(path.string(), found);
  if (path.extension() == ".db" || path.extension() == ".key") CheckPrivate(path.string(), found);
  if (folder == "roots") CheckRoot(entry, found);
  if (folder == "attempts") CheckAttempt(path, now, found);
}

bool IsInPath(const std::string& program, const Surroundings& surroundings) {
  for (const std::string& variable : surroundings.environment) {
    if (!variable.starts_with("PATH=")) continue;
    for (const std::string_view folder : Split(std::string_view(variable).substr(5), ':')) {
      if (::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
    }
  }
  return false;
}

// Who copies paths into a store that a daemon of Nix keeps must be trusted by it.
void CheckTrust(const ClientSettings& settings, Diagnoses& found) {
  constexpr std::size_t kMaxFile = 1U << 20U;
  const bool is_direct = ::access("/nix/var/nix", W_OK) == 0 || !settings.store.empty();
  if (::geteuid() == 0 || is_direct) {
    found.push_back(Good("Nix' store can be written to"));
    return;
  }
  if (!FileExists("/nix/var/nix/daemon-socket/socket")) {
    found.push_back(Bad("Nix' store cannot be written to, and there is no daemon of Nix",
                        "start nix-daemon, run as root, or use `eris up --own-store`"));
    return;
  }
  const std::string text = ReadFile("/etc/nix/nix.conf", kMaxFile).value_or("");
  if (text.find("trusted-users") != std::string::npos) return;
  found.push_back(Warning("nix.conf names no trusted-users: the daemon of Nix may refuse imports",
                          "trusted-users = root USER in /etc/nix/nix.conf"));
}

}  // namespace

Diagnoses CheckClient(const ClientSettings& settings, const ConnectionArguments& arguments,
                      const Surroundings& surroundings) {
  Diagnoses found;
  const auto address = ResolveBroker(arguments, surroundings, settings);
  if (!address) {
    found.push_back(Bad(address.error().message, address.error().fix));
  } else {
    found.push_back(Good("the broker is to be at " + address->endpoint));
  }
  if (const auto digest_key = ReadDigestKey(settings); !digest_key) {
    found.push_back(Bad(digest_key.error().message, digest_key.error().fix));
  }
  for (const std::string* file : {&settings.key_file, &settings.digest_key_file}) {
    if (!file->empty()) CheckPrivate(*file, found);
  }
  return found;
}

Diagnoses CheckStateDirectory(const std::string& directory, WallTime now) {
  Diagnoses found;
  std::error_code failed;
  if (!fs::is_directory(directory, failed)) return found;
  CheckSpace(directory, found);
  fs::recursive_directory_iterator entry(directory, fs::directory_options::skip_permission_denied,
                                         failed);
  for (; !failed && entry != fs::recursive_directory_iterator(); entry.increment(failed)) {
    if (entry.depth() >= kMaxDepth || entry->path().filename() == "nix") {
      entry.disable_recursion_pending();
    }
    CheckEntry(*entry, now, found);
  }
  if (failed) {
    found.push_back(Warning("cannot look into " + directory + ": " + failed.message(),
                            "run `eris doctor` as root"));
  }
  return found;
}

Diagnoses CheckMachine(const ClientSettings& settings, const Surroundings& surroundings) {
  Diagnoses found;
  for (const char* const program : {"nix-instantiate", "nix-store"}) {
    if (IsInPath(program, surroundings)) continue;
    found.push_back(Bad(std::string(program) + " is not in $PATH", "install Nix 2.8 or newer"));
  }
  CheckTrust(settings, found);
  timex clock{};
  if (::adjtimex(&clock) == TIME_ERROR) {
    found.push_back(
        Warning("nothing keeps this machine's clock right: times in journals and logs "
                "of several machines cannot be compared",
                "run an NTP client, e.g. systemd-timesyncd"));
  }
  return found;
}

Diagnoses CheckNetwork(std::span<const TargetInfo> targets, std::span<const HeldTarget> held,
                       WallTime now) {
  Diagnoses found;
  std::size_t connected = 0;
  for (const TargetInfo& info : targets) {
    if (info.state == Presence::State::kConnected) {
      ++connected;
      if (info.software != ERIS_VERSION) {
        found.push_back(Warning("worker " + info.worker + " of " + info.queue + " is version " +
                                    info.software + ", this is " ERIS_VERSION,
                                "install the same version everywhere"));
      }
    } else if (now.ms - info.since.ms > kAbsentMs) {
      found.push_back(Bad(info.queue + " has no worker" +
                              (info.since.ms == 0 ? "" : " since " + TimeText(info.since)),
                          "start eris-worker there; its log says why it does not connect"));
    }
  }
  found.push_back(Good(fmt::format("{} queues are served", connected)));
  for (const HeldTarget& row : held) {
    const bool has_ended = row.standing == ToString(TransactionResult::kStuck) ||
                           row.standing == ToString(TransactionResult::kCommittedStillLocked) ||
                           row.standing == ToString(TransactionResult::kRolledBack);
    if (!has_ended) continue;
    const std::string number = std::to_string(row.transaction.value);
    found.push_back(Bad("target " + row.target.text + " is held by transaction " + number +
                            ", which is " + row.standing + ", since " + TimeText(row.since),
                        "eris why " + number + "; then eris retry " + number +
                            ", or eris unlock --break " + row.target.text));
  }
  return found;
}

std::string DiagnosesText(std::span<const Diagnosis> diagnoses) {
  constexpr const char* kWords[] = {"ok       ", "warning  ", "ERROR    "};
  std::string text;
  std::size_t counts[] = {0, 0, 0};
  for (const Diagnosis& diagnosis : diagnoses) {
    const auto grade = static_cast<std::size_t>(diagnosis.grade);
    ++counts[grade];
    text += kWords[grade] + diagnosis.what + "\n";
    if (!diagnosis.fix.empty()) text += "         → " + diagnosis.fix + "\n";
  }
  return text + fmt::format("{} errors, {} warnings\n", counts[2], counts[1]);
}

}  // namespace eris::cli
