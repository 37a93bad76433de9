// Goal: whatever the disk does to a write or a sync, the journal, the ledger and the spool open
// again with what they acknowledged, in whole appends, and with nothing else. Method: the n-th
// change meets a fault, for n = 1, 2, … until a whole run gets through; then the file is opened
// again on a sound disk.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "schema/base/random.h"
#include "state/journal.h"
#include "state/ledger.h"
#include "state/spool.h"
#include "tests/crash/faulty_disk.h"
#include "tests/unit/state/journal_events.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

constexpr int kCheckpointEvery = 3;  // appends

// A database under test: what it is made of, and what its file says.
class Subject {
 public:
  virtual ~Subject() = default;
  // Opens and appends group after group until one is refused. Returns how many were acknowledged.
  virtual int Work(const std::string& path) = 0;
  // Opens, checks what is there, and returns how many groups that is; negative: it is broken.
  virtual int Look(const std::string& path) = 0;
};

// Appends all, with a checkpoint now and then, which may fail without any harm.
template <typename Log, typename Group>
int AppendAll(Log& log, const std::vector<Group>& groups) {
  int acknowledged = 0;
  for (const Group& group : groups) {
    if (!log.Append(group)) break;
    if (++acknowledged % kCheckpointEvery == 0 && !log.Checkpoint()) break;
  }
  return acknowledged;
}

class JournalSubject final : public Subject {
 public:
  JournalSubject() {
    test::History history;
    for (std::uint64_t n = 1; n <= 6; ++n) {
      groups_.push_back(history.Deployment({n}, {n}, "service" + std::to_string(n)));
    }
  }
  int Work(const std::string& path) override {
    const auto journal = Journal::Open(path, random_);
    return journal ? AppendAll(**journal, groups_) : 0;
  }
  int Look(const std::string& path) override {
    const auto journal = Journal::Open(path, random_);
    if (!journal) return Broken(journal.error());
    std::vector<Event> found;
    const Status replayed = (*journal)->Replay({1}, [&](const Event& event) -> Status {
      found.push_back(event);
      return {};
    });
    if (!replayed) return Broken(replayed.error());
    std::vector<Event> expected;
    std::size_t whole = 0;
    while (expected.size() < found.size() && whole < groups_.size()) {
      expected.insert(expected.end(), groups_[whole].begin(), groups_[whole].end());
      ++whole;
    }
    EXPECT_EQ(found, expected);
    // The projection went with the events.
    EXPECT_EQ((*journal)->LoadGenerations(ProfileName("default")).value().size(), whole);
    return static_cast<int>(whole);
  }

 private:
  static int Broken(const Error& error) {
    ADD_FAILURE() << error.message;
    return -1;
  }
  SeededRandom random_{1};
  std::vector<std::vector<Event>> groups_;
};

class LedgerSubject final : public Subject {
 public:
  LedgerSubject() {
    for (std::uint32_t group = 0; group < 8; ++group) {
      groups_.emplace_back();
      for (std::uint32_t i = 0; i < kSteps; ++i) {
        const ItemId id{.step = {.journal = {1}, .transaction = {1}, .index = {group * kSteps + i}},
                        .grade = {Direction::kForward, 1}};
        groups_.back().push_back(StepSettled{id, i, {.verdict = Verdict::kSucceeded}});
      }
    }
  }
  int Work(const std::string& path) override {
    const auto ledger = Ledger::Open(path, random_);
    return ledger ? AppendAll(**ledger, groups_) : 0;
  }
  int Look(const std::string& path) override {
    const auto ledger = Ledger::Open(path, random_);
    const auto state = ledger ? (*ledger)->Load() : Result<LedgerState>(Fail(ledger.error()));
    if (!state) {
      ADD_FAILURE() << state.error().message;
      return -1;
    }
    EXPECT_EQ(state->steps.size() % kSteps, 0U) << "half of an append is there";
    LedgerState expected;
    const std::size_t whole = state->steps.size() / kSteps;
    for (std::size_t i = 0; i < whole; ++i) {
      for (const LedgerRecord& record : groups_[i]) Apply(expected, record);
    }
    EXPECT_EQ(state->steps, expected.steps);
    return static_cast<int>(whole);
  }

 private:
  static constexpr std::uint32_t kSteps = 3;
  SeededRandom random_{1};
  std::vector<std::vector<LedgerRecord>> groups_;
};

class SpoolSubject final : public Subject {
 public:
  SpoolSubject() {
    for (int n = 0; n < 4; ++n) {
      const SubmissionId id("sub-" + std::to_string(n));
      const std::string bytes(9'000, static_cast<char>('a' + n));
      groups_.push_back(
          {SpoolChunk{
               .author = "alice",
               .chunk = {.id = id, .total_bytes = bytes.size(), .sha256 = "cafe", .bytes = bytes}},
           SpoolAccepted{.id = id, .sha256 = "cafe", .author = "alice"}});
      groups_.push_back({SpoolTaken{.id = id, .transaction = {1}, .refused = ""}});
    }
    // The last one stays: its content is looked at.
    groups_.pop_back();
  }
  int Work(const std::string& path) override {
    const auto spool = Spool::Open(path);
    return spool ? AppendAll(**spool, groups_) : 0;
  }
  int Look(const std::string& path) override {
    const auto spool = Spool::Open(path);
    const auto content = spool ? (*spool)->Load() : Result<SpoolContent>(Fail(spool.error()));
    if (!content) {
      ADD_FAILURE() << content.error().message;
      return -1;
    }
    SpoolContent expected;
    for (std::size_t whole = 0;; ++whole) {
      if (*content == expected) return CheckContent(**spool, whole);
      if (whole == groups_.size()) break;
      for (const SpoolRecord& record : groups_[whole]) Apply(expected, record);
    }
    ADD_FAILURE() << "what is there is no prefix of what was appended";
    return -1;
  }

 private:
  // The newest submission, unless it was taken, is there to the last byte.
  int CheckContent(Spool& spool, std::size_t whole) {
    if (whole % 2 == 1) {
      const auto& chunk = std::get<SpoolChunk>(groups_[whole - 1].front()).chunk;
      EXPECT_EQ(spool.ReadContent(chunk.id, 0, chunk.total_bytes).value_or(""), chunk.bytes);
    }
    return static_cast<int>(whole);
  }
  std::vector<std::vector<SpoolRecord>> groups_;
};

struct Trial {
  bool struck = false;
  int acknowledged = 0;
  int found = 0;
};

Trial RunWithFault(test::FaultyDisk& disk, Subject& subject, test::DiskFault fault,
                   std::uint64_t change) {
  const test::TempDirectory directory;
  const std::string path = directory / "database";
  disk.Arm(fault, change, change);
  Trial run{.acknowledged = subject.Work(path)};
  run.struck = disk.has_struck();
  disk.Restart();
  run.found = subject.Look(path);
  disk.Restart();
  return run;
}

void RunWithEveryFault(Subject& subject) {
  test::FaultyDisk disk;
  for (const test::DiskFault fault : test::kDiskFaults) {
    Trial run{.struck = true};
    std::uint64_t change = 0;
    while (run.struck && !testing::Test::HasFailure()) {
      run = RunWithFault(disk, subject, fault, ++change);
      EXPECT_GE(run.found, run.acknowledged) << "what was acknowledged is lost";
      EXPECT_LE(run.found, run.acknowledged + 1) << "what nobody appended is there";
    }
    ASSERT_FALSE(testing::Test::HasFailure())
        << "fault " << static_cast<int>(fault) << " at change " << change;
    EXPECT_GT(change, 20U) << "the disk was not asked";
  }
}

TEST(Storage, TheJournalKeepsWhatItAcknowledged) {
  JournalSubject subject;
  RunWithEveryFault(subject);
}

TEST(Storage, TheLedgerKeepsWhatItAcknowledged) {
  LedgerSubject subject;
  RunWithEveryFault(subject);
}

TEST(Storage, TheSpoolKeepsWhatItAcknowledged) {
  SpoolSubject subject;
  RunWithEveryFault(subject);
}

// Would it be noticed?
TEST(Storage, ADiskThatDoesNotSyncLosesWhatWasAcknowledged) {
  test::FaultyDisk disk;
  disk.Lie();
  LedgerSubject subject;
  const Trial run = RunWithFault(disk, subject, test::DiskFault::kLoses, 100);
  EXPECT_GT(run.acknowledged, run.found);
}

}  // namespace
}  // namespace eris
