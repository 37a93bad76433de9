// Goal: what was acknowledged is there after the process was killed in the middle of its work, and
// nothing is half there. Method: a child appends and acknowledges through a pipe; it is killed with
// SIGKILL after some acknowledgements; the file is opened again.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "schema/base/random.h"
#include "schema/base/unique_fd.h"
#include "state/journal.h"
#include "state/ledger.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

constexpr int kGroup = 3;  // records of an append

// Runs `work(acknowledge)` in a child until `count` acknowledgements have come, then kills it.
// Returns how many were given in all.
int RunAndKill(int count, const std::function<void(const std::function<void()>&)>& work) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    work([&] {
      if (::write(writer.get(), "x", 1) != 1) ::_exit(2);
    });
    ::_exit(3);
  }
  writer.Reset();
  int acknowledged = 0;
  char byte = 0;
  while (acknowledged < count && ::read(reader.get(), &byte, 1) == 1) ++acknowledged;
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself, with " << WEXITSTATUS(status);
  while (::read(reader.get(), &byte, 1) == 1) ++acknowledged;
  return acknowledged;
}

std::vector<Event> Starts(std::uint64_t after) {
  std::vector<Event> events;
  for (std::uint64_t n = after + 1; n <= after + kGroup; ++n) {
    events.push_back({.sequence = {n}, .at = {}, .transaction = {}, .body = PlannerStarted{{n}}});
  }
  return events;
}

std::vector<LedgerRecord> Settlements(std::uint64_t after) {
  std::vector<LedgerRecord> records;
  for (std::uint64_t n = after + 1; n <= after + kGroup; ++n) {
    const ItemId id{
        .step = {.journal = {1}, .transaction = {1}, .index = {static_cast<std::uint32_t>(n)}},
        .grade = {Direction::kForward, 1}};
    records.push_back(StepSettled{id, n, {.verdict = Verdict::kSucceeded}});
  }
  return records;
}

TEST(Kill, TheJournalKeepsEveryAcknowledgedAppendWhole) {
  const test::TempDirectory directory;
  const std::string path = directory / "journal.db";
  SeededRandom random(1);
  std::uint64_t before = 0;
  for (const int count : {1, 7, 20}) {
    const int acknowledged = RunAndKill(count, [&](const std::function<void()>& acknowledge) {
      auto journal = Journal::Open(path, random);
      if (!journal) ::_exit(4);
      for (std::uint64_t last = before; (*journal)->Append(Starts(last)); last += kGroup) {
        acknowledge();
      }
    });
    const auto journal = Journal::Open(path, random);
    ASSERT_TRUE(journal) << journal.error().message;
    std::uint64_t next = 1;
    ASSERT_TRUE((*journal)->Replay({1}, [&](const Event& event) -> Status {
      EXPECT_EQ(event.sequence.value, next++);
      return {};
    }));
    EXPECT_GE(next - 1, before + static_cast<std::uint64_t>(acknowledged * kGroup));
    EXPECT_EQ((next - 1) % kGroup, 0U) << "half of an append is there";
    before = next - 1;
  }
}

TEST(Kill, TheLedgerKeepsEveryAcknowledgedAppendWhole) {
  const test::TempDirectory directory;
  const std::string path = directory / "ledger.db";
  SeededRandom random(1);
  std::uint64_t before = 0;
  for (const int count : {1, 7, 20}) {
    const int acknowledged = RunAndKill(count, [&](const std::function<void()>& acknowledge) {
      auto ledger = Ledger::Open(path, random);
      if (!ledger) ::_exit(4);
      for (std::uint64_t last = before; (*ledger)->Append(Settlements(last)); last += kGroup) {
        acknowledge();
      }
    });
    const auto ledger = Ledger::Open(path, random);
    ASSERT_TRUE(ledger) << ledger.error().message;
    const std::uint64_t steps = (*ledger)->Load()->steps.size();
    EXPECT_GE(steps, before + static_cast<std::uint64_t>(acknowledged * kGroup));
    EXPECT_EQ(steps % kGroup, 0U) << "half of an append is there";
    before = steps;
  }
}

}  // namespace
}  // namespace eris
