// Goal: what the ledger gives back equals the records applied in order, whatever they were and
// wherever the worker died. Method: chosen and random records on a real file, compared with the
// pure Apply after each append.
#include "state/ledger.h"

#include <gtest/gtest.h>

#include <vector>

#include "schema/base/random.h"
#include "tests/unit/state/temp_directory.h"

namespace eris {
namespace {

const JournalId kJournal{0xfedcba9876543210};  // does not fit a signed number

ItemId Item(TransactionId transaction, ItemIndex index, Grade grade = {Direction::kForward, 1}) {
  return {{kJournal, transaction, index}, grade};
}

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    auto opened = Ledger::Open(path_, random_);
    ASSERT_TRUE(opened) << opened.error().message;
    ledger_ = std::move(*opened);
  }
  // Appends and compares with the pure state.
  void Append(const std::vector<LedgerRecord>& records) {
    const Status appended = ledger_->Append(records);
    ASSERT_TRUE(appended) << appended.error().message;
    for (const LedgerRecord& record : records) Apply(expected_, record);
    ASSERT_EQ(ledger_->Load().value(), expected_);
  }

  test::TempDirectory directory_;
  std::string path_ = directory_ / "ledger.db";
  SeededRandom random_{1};
  LedgerState expected_;
  std::unique_ptr<Ledger> ledger_;
};

Activity ActivityOf(const std::string& service) {
  return {.service_name = ServiceName(service),
          .service = ServiceKey("key-" + service),
          .container = ContainerName("echo"),
          .digest = "d",
          .module = "echo",
          .package = StorePath("/s/" + service),
          .component = ComponentName(service),
          .properties = {{.name = "port", .text = "80", .json = "80"}}};
}

ActiveMapping MappingOf(const std::string& service) {
  return {.service_name = ServiceName(service),
          .service = ServiceKey("key-" + service),
          .container = ContainerName("echo"),
          .digest = "d",
          .package = StorePath("/s/" + service)};
}

// Records that a worker could write in this state.
class RandomRecords {
 public:
  explicit RandomRecords(std::uint64_t seed) : random_(seed) {}

  LedgerRecord Next(const LedgerState& state) {
    const ItemId id = Item({1 + Pick(6)}, {static_cast<std::uint32_t>(Pick(4))},
                           {Pick(2) == 0 ? Direction::kForward : Direction::kInverse,
                            static_cast<std::uint16_t>(1 + Pick(2))});
    const LedgerAttempt* known = state.Find(id);
    const std::string name(1, static_cast<char>('a' + Pick(3)));
    switch (Pick(14)) {
      case 0:
        return EpochSeen{{state.epoch.value + Pick(2)}, {Pick(9)}};
      case 1:
        return JournalBound{{Pick(20) == 0 ? 7 : kJournal.value}};
      case 2:
        return LowWaterRaised{{Pick(5)}};
      case 3:
      case 4:
      case 5:
        if (known == nullptr) {
          return StepStarted{id, Pick(9), ActivateItem{ActivityOf(name)}, "1-" + name};
        }
        if (!known->outcome) return StepSettled{id, known->body_hash, RandomOutcome()};
        return OutcomeAcknowledged{id};
      case 6:
        if (known == nullptr) return StepSettled{id, ~Pick(9), RandomOutcome()};
        return RootsDropped{{1 + Pick(3)}};
      case 7:
        return LeaseGranted{{1 + Pick(3)}, ProfileName(name), {static_cast<std::int64_t>(Pick(9))}};
      case 8:
        if (state.lease) return LeaseConfirmed{state.lease->transaction};
        return LeaseReleased{{1 + Pick(3)}};
      case 9:
        return LeaseReleased{{1 + Pick(3)}};
      case 10:
        return MappingActivated{ProfileName("p"), RandomState(), ActivityOf(name)};
      case 11:
        return MappingDeactivated{ProfileName("p"), MappingOf(name)};
      case 12:
        return RootsAdded{{1 + Pick(3)}, {StorePath("/s/" + name), StorePath("/s/x")}};
      default:
        break;
    }
    if (Pick(2) == 0) return ComponentUnlocked{ContainerName("c"), ComponentName(name)};
    return ComponentMayBeLocked{{Pick(3)}, ContainerName("c"), ComponentName(name)};
  }

  std::uint64_t Pick(std::uint64_t bound) { return random_.Below(bound); }

 private:
  ActiveMapping::State RandomState() { return static_cast<ActiveMapping::State>(Pick(3)); }
  Outcome RandomOutcome() {
    Outcome outcome{.verdict = static_cast<Verdict>(Pick(7)), .message = "m", .took_ms = 3};
    if (Pick(2) == 0) outcome.report = TargetReport{StorePath("/s/p"), {MappingOf("a")}};
    return outcome;
  }

  SeededRandom random_;
};

TEST_F(LedgerTest, KeepsItsIdAndTellsItFromAnother) {
  const LedgerId id = ledger_->id();
  EXPECT_TRUE(id);
  Reopen();
  EXPECT_EQ(ledger_->id(), id);
  EXPECT_NE(Ledger::Open(directory_ / "other.db", random_).value()->id(), id);
}

TEST_F(LedgerTest, CountsItsStarts) {
  const std::uint64_t first = ledger_->start();
  EXPECT_GT(first, 0U);
  Reopen();
  EXPECT_EQ(ledger_->start(), first + 1);
}

TEST_F(LedgerTest, AStartedStepWithoutAnEndIsFoundAgain) {
  const StepStarted started{Item({3}, {1}), 99, DeactivateItem{ActivityOf("api")}, "3-1-f1"};
  Append({EpochSeen{{2}}, JournalBound{kJournal}, started});
  Reopen();
  const LedgerState state = ledger_->Load().value();
  const LedgerAttempt* attempt = state.Find(started.id);
  ASSERT_NE(attempt, nullptr);
  EXPECT_FALSE(attempt->outcome);
  EXPECT_EQ(attempt->body, started.body);
  EXPECT_EQ(attempt->attempt, "3-1-f1");
  EXPECT_EQ(state.HighestGrade(started.id.step), started.id.grade);
}

TEST_F(LedgerTest, AnOutcomeIsDueUntilItIsAcknowledged) {
  const ItemId id = Item({3}, {1});
  Append({StepStarted{id, 99, QueryItem{}, ""}, StepSettled{id, 99, {Verdict::kSucceeded}}});
  Reopen();
  EXPECT_EQ(ledger_->Load()->Find(id)->report, LedgerAttempt::Report::kDue);
  EXPECT_FALSE(ledger_->Load()->Find(id)->body);
  Append({OutcomeAcknowledged{id}});
  Reopen();
  EXPECT_EQ(ledger_->Load()->Find(id)->report, LedgerAttempt::Report::kAcknowledged);
}

TEST_F(LedgerTest, LowWaterForgetsSettledTransactionsAndNeverFalls) {
  Append({StepSettled{Item({1}, {0}), 1, {}}, StepSettled{Item({2}, {0}), 1, {}}});
  Append({LowWaterRaised{{2}}});
  EXPECT_EQ(expected_.steps.size(), 1U);
  Append({LowWaterRaised{{1}}});
  EXPECT_EQ(ledger_->Load()->low_water, TransactionId{2});
}

TEST_F(LedgerTest, ATakeOverForgetsWhatTheOldJournalNumbered) {
  Append({JournalBound{kJournal}, EpochSeen{{9}, {70}}, LowWaterRaised{{4}},
          StepSettled{Item({5}, {0}), 1, {}}, LeaseGranted{{5}, ProfileName("default"), {1000}},
          MappingActivated{.profile = ProfileName("default"), .activity = ActivityOf("api")}});
  Append({JournalBound{kJournal}});
  EXPECT_EQ(expected_.Seen(), (JournalPosition{{9}, {70}, {5}}));
  Append({JournalBound{{42}}});
  EXPECT_EQ(expected_.Seen(), JournalPosition{});
  EXPECT_TRUE(expected_.steps.empty());
  EXPECT_FALSE(expected_.lease);
  EXPECT_EQ(expected_.MappingsOf(ProfileName("default")), std::vector{MappingOf("api")});
}

TEST_F(LedgerTest, LoadEqualsApplyForAnyRecords) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    RandomRecords records(seed);
    for (int turn = 0; turn < 60; ++turn) {
      std::vector<LedgerRecord> group;
      LedgerState state = expected_;
      for (std::uint64_t n = 1 + records.Pick(4); n > 0; --n) {
        group.push_back(records.Next(state));
        Apply(state, group.back());
      }
      Append(group);
      if (HasFatalFailure()) FAIL() << "seed " << seed << ", turn " << turn;
    }
    Reopen();
    ASSERT_EQ(ledger_->Load().value(), expected_);
  }
}

TEST_F(LedgerTest, RefusesASecondWorkerOnTheSameLedger) {
  const auto second = Ledger::Open(path_, random_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(second.error().fix.empty());
}

TEST_F(LedgerTest, AFailedAppendLeavesNothingAndStopsTheLedger) {
  const StepStarted started{Item({3}, {1}), 99, QueryItem{}, ""};
  Append({started});
  EXPECT_FALSE(ledger_->Append(std::vector<LedgerRecord>{EpochSeen{{5}}, started}));
  EXPECT_FALSE(ledger_->Append(std::vector<LedgerRecord>{EpochSeen{{5}}}));
  Reopen();
  EXPECT_EQ(ledger_->Load().value(), expected_);
}

}  // namespace
}  // namespace eris
