// Goal: whatever the disk does to directories, the snapshot store keeps each snapshot that it has
// acknowledged, whole, and an attempt never has another outcome than its own. Method: the n-th
// change of entries or contents meets a fault, for n = 1, 2, … until a whole run gets through; each
// in a process of its own, as the fault ends it; then what is left is looked at, and used again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "dysnomia/attempt.h"
#include "dysnomia/runner.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "state/snapshots/store.h"
#include "tests/crash/faulty_directory.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

using snapshots::SnapshotStore;
using snapshots::StateKey;
using test::DirectoryFault;
namespace fs = std::filesystem;

// What happens below a directory, and what must be true of what is left of it.
class Subject {
 public:
  virtual ~Subject() = default;
  // In a process that dies of the fault. Returns how many steps were acknowledged.
  virtual int Work(const std::string& path) = 0;
  // Whether the power went decides what may be lost.
  virtual void Look(const std::string& path, int acknowledged, DirectoryFault fault) = 0;
};

struct Trial {
  bool struck = false;
  int acknowledged = 0;
};

// In the child: works until the fault, then leaves what survived and says how far it came.
[[noreturn]] void WorkAndLeave(Subject& subject, const std::string& base,
                               const test::FaultyDirectory::Plan& plan) {
  test::FaultyDirectory disk(base + "/work", plan);
  const int acknowledged = subject.Work(base + "/work");
  disk.LeaveAt(base + "/left");
  const std::string said =
      std::to_string(acknowledged) + (disk.has_struck() ? " struck" : " whole");
  ::_exit(WriteFileAtomically(base + "/said", said, 0600) ? EXIT_SUCCESS : EXIT_FAILURE);
}

Trial RunWithFault(Subject& subject, const test::FaultyDirectory::Plan& plan) {
  const test::TempDirectory directory;
  // The model knows paths as the program names them.
  const std::string base = fs::canonical(directory.path()).string();
  EXPECT_TRUE(MakeDirectories(base + "/work", 0700));
  EXPECT_TRUE(MakeDirectories(base + "/left", 0700));
  const pid_t child = ::fork();
  if (child == 0) WorkAndLeave(subject, base, plan);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const std::string said = ReadFile(base + "/said", 100).value_or("0 lost");
  const std::size_t blank = said.find(' ');
  const Trial trial{.struck = said.substr(blank + 1) == "struck",
                    .acknowledged = std::stoi(said.substr(0, blank))};
  subject.Look(base + "/left", trial.acknowledged, plan.fault);
  return trial;
}

void RunWithEveryFault(Subject& subject, std::uint64_t least_changes) {
  for (const DirectoryFault fault : test::kDirectoryFaults) {
    bool struck = true;
    std::uint64_t change = 0;
    while (struck && !testing::Test::HasFailure()) {
      ++change;
      const std::uint64_t seeds = fault == DirectoryFault::kReorders ? 4 : 1;
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        struck = RunWithFault(subject, {fault, change, change * seeds + seed}).struck;
      }
    }
    ASSERT_FALSE(testing::Test::HasFailure())
        << "fault " << static_cast<int>(fault) << " at change " << change;
    EXPECT_GE(change, least_changes) << "the disk was not asked";
  }
}

// ---- snapshots ----

const StateKey kKey{"database", "guests"};

class SnapshotSubject final : public Subject {
 public:
  int Work(const std::string& path) override {
    const SnapshotStore store(path);
    int acknowledged = 0;
    if (!store.MarkActive(kKey)) return acknowledged;
    ++acknowledged;
    for (int n = 1; n <= kSnapshots; ++n) {
      if (!Take(store, n)) return acknowledged;
      ++acknowledged;
    }
    if (!store.MakeNewest(kKey, NameOf(1))) return acknowledged;
    ++acknowledged;
    if (store.MarkGarbage(kKey)) ++acknowledged;
    return acknowledged;
  }

  void Look(const std::string& path, int acknowledged, DirectoryFault) override {
    const SnapshotStore store(path);
    CheckWhole(store, path);
    const auto generations = store.Generations(kKey);
    ASSERT_TRUE(generations) << generations.error().message;
    const int expected = std::max(0, std::min(acknowledged - 1, kSnapshots + 1));
    const int found = static_cast<int>(generations->size());
    EXPECT_GE(found, expected) << "an acknowledged snapshot is lost";
    EXPECT_LE(found, expected + 1) << "a snapshot that nobody took is there";
    for (int n = 0; n < found; ++n) {
      EXPECT_EQ((*generations)[static_cast<std::size_t>(n)].id, NameOf(n % kSnapshots + 1));
    }
    if (acknowledged >= kAll) {
      EXPECT_TRUE(store.IsGarbage(kKey));
    } else if (acknowledged > 0) {
      EXPECT_TRUE(store.IsActive(kKey) || store.IsGarbage(kKey)) << "it knows of no state";
    }
    // Whoever does it again gets through.
    EXPECT_EQ(Work(path), kAll);
    CheckWhole(store, path);
    EXPECT_EQ(store.Newest(kKey).value()->id, NameOf(1));
  }

 private:
  static constexpr int kSnapshots = 3;
  static constexpr int kAll = kSnapshots + 3;

  static std::string NameOf(int n) { return "state-" + std::to_string(n); }

  static Status Take(const SnapshotStore& store, int n) {
    ERIS_ASSIGN(const fs::path staged, store.Stage(kKey));
    const fs::path folder = staged / "tables";
    ERIS_TRY(MakeDirectories(folder.string(), 0700));
    for (const char* name : {"guests", "visits"}) {
      const UniqueFd fd(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      if (!fd.valid()) return Fail(ErrorCode::kInternal, "the disk refuses");
      ERIS_TRY(WriteAll(fd.get(), ContentOf(name, n)));
    }
    return store.Commit(kKey, staged, NameOf(n));
  }
  static std::string ContentOf(const std::string& name, int n) {
    return name + std::string(1'000, static_cast<char>('a' + n));
  }

  // Each snapshot that has its name is complete, whoever names it.
  static void CheckWhole(const SnapshotStore& store, const std::string& path) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(path + "/snapshots/database/guests", none)) {
      const std::string id = entry.path().filename().string();
      if (id.starts_with('.')) continue;
      const Status whole = store.Verify(kKey, id);
      EXPECT_TRUE(whole) << whole.error().message;
      const int n = id.back() - '0';
      EXPECT_EQ(ReadFile((entry.path() / "tables/visits").string(), 2'000).value_or(""),
                ContentOf("visits", n));
    }
  }
};

TEST(Directories, TheSnapshotStoreKeepsWhatItAcknowledged) {
  SnapshotSubject subject;
  RunWithEveryFault(subject, 60);
}

// ---- attempts ----

// An attempt is run, its directory is used again for another one, as workers do.
class AttemptSubject final : public Subject {
 public:
  int Work(const std::string& path) override {
    const fs::path first = path + "/1";
    const fs::path second = path + "/2";
    if (!Run(first, "no-such-module-1")) return 0;
    if (!dysnomia::RecycleAttempt(first, second)) return 1;
    return Run(second, "no-such-module-2") ? 2 : 1;
  }

  void Look(const std::string& path, int acknowledged, DirectoryFault fault) override {
    for (const int n : {1, 2}) {
      const fs::path dir = path + "/" + std::to_string(n);
      const auto state = dysnomia::JudgeAttempt(dir);
      ASSERT_TRUE(state) << state.error().message;
      EXPECT_NE(state->phase, dysnomia::AttemptPhase::kRunning);
      if (state->phase == dysnomia::AttemptPhase::kFinished) {
        CheckOutcome(state->outcome, n);
      } else {
        // Given up, it never runs, whatever came back of its request.
        EXPECT_FALSE(FileExists((dir / "request").string()));
      }
      const bool no_power_cut = fault == DirectoryFault::kFails;
      if (no_power_cut && acknowledged == 2 && n == 2) {
        EXPECT_EQ(state->phase, dysnomia::AttemptPhase::kFinished);
      }
    }
  }

 private:
  static bool Run(const fs::path& dir, const std::string& module) {
    dysnomia::AttemptRequest request;
    request.activities.push_back({.kind = dysnomia::ActivityKind::kActivate,
                                  .module = module,
                                  .component = "/",
                                  .container = "box"});
    request.state_dir = "/";
    if (!dysnomia::PrepareAttempt(dir, request)) return false;
    // What its process does, in a process of its own would be beyond the model's reach.
    return dysnomia::RunAttempt(dir, {}).has_value();
  }
  // The module does not exist: the outcome says its name, and nothing is started.
  static void CheckOutcome(const dysnomia::AttemptOutcome& outcome, int n) {
    ASSERT_EQ(outcome.activities.size(), 1U);
    EXPECT_EQ(outcome.activities.front().result, dysnomia::ActivityResult::kNotStarted);
    EXPECT_NE(outcome.activities.front().message.find("no-such-module-" + std::to_string(n)),
              std::string::npos)
        << "the outcome of another attempt: " << outcome.activities.front().message;
  }
};

TEST(Directories, AnAttemptHasItsOwnOutcomeOrNone) {
  AttemptSubject subject;
  RunWithEveryFault(subject, 12);
}

// Would it be noticed?
TEST(Directories, ARenameThatIsNotSyncedIsLost) {
  class Careless final : public Subject {
   public:
    int Work(const std::string& path) override {
      if (!WriteFileAtomically(path + "/kept", "x", 0600)) return 0;
      if (::rename((path + "/kept").c_str(), (path + "/renamed").c_str()) != 0) return 1;
      (void)WriteFileAtomically(path + "/other", "y", 0600);  // its first change meets the fault
      return 2;
    }
    void Look(const std::string& path, int acknowledged, DirectoryFault) override {
      if (acknowledged < 2) return;
      was_lost = was_lost || !FileExists(path + "/renamed");
    }
    bool was_lost = false;
  };
  Careless subject;
  for (std::uint64_t change = 1; change < 12; ++change) {
    RunWithFault(subject, {DirectoryFault::kLoses, change, 1});
  }
  EXPECT_TRUE(subject.was_lost);
}

}  // namespace
}  // namespace eris
