// Goal: the agent keeps the delivery rules D1-D5. Method: messages, completions and time by hand;
// the records it wants made durable and the effects it wants released are looked at after each
// step.
#include "worker/agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/codec/codec.h"

namespace eris {
namespace {

constexpr Grade kFirst{.direction = Direction::kForward, .attempt = 1};
constexpr Grade kSecond{.direction = Direction::kForward, .attempt = 2};
constexpr Grade kInverse{.direction = Direction::kInverse, .attempt = 1};
constexpr TransactionId kTx{5};

Activity ActivityOf(const std::string& component) {
  return {.service_name = ServiceName(component),
          .service = ServiceKey(component + "-key"),
          .container = ContainerName("process"),
          .digest = "d",
          .module = "process",
          .package = StorePath("/store/" + component),
          .component = ComponentName(component)};
}

WorkItem ItemOf(std::uint32_t index, ItemBody body, Grade grade = kFirst) {
  WorkItem item{
      .id = {.step = {.journal = {7}, .transaction = kTx, .index = {index}}, .grade = grade},
      .epoch = {3},
      .deadline_ms = 1000,
      .body = std::move(body)};
  item.body_hash = BodyHash(item.body);
  return item;
}

Message Deliver(const WorkItem& item) {
  return {.header = {.kind = MessageKind::kDeliver,
                     .queue = "target.t1",
                     .item = item.id,
                     .epoch = item.epoch,
                     .body_hash = item.body_hash},
          .body = Encode(item)};
}

const LockItem kAcquire{.what =
                            AcquireLease{.profile = ProfileName("default"), .lease_ms = 60'000}};
const LockItem kConfirm{.what = ConfirmLease{}};
const Outcome kSuccess{.verdict = Verdict::kSucceeded};

class AgentHarness {
 public:
  AgentHarness() : agent(Agent::Recover(Options(), {}, now)) {
    agent.OnConnected(now);
    Take();
  }

  static AgentOptions Options() {
    return {.queues = {{.kind = QueueName::Kind::kTarget, .name = "t1"}},
            .limits = {.num_of_cores = 4}};
  }

  void Take() {
    records = std::exchange(agent.decisions().records, {});
    effects = std::exchange(agent.decisions().effects, {});
  }
  void Receive(const WorkItem& item) {
    agent.OnMessage(Deliver(item), now);
    Take();
  }
  void Finish(const WorkItem& item, Outcome outcome = kSuccess) {
    agent.OnDone(item.id, std::move(outcome), now);
    Take();
  }
  // Until the transaction holds the lease, unconfirmed; uses index 100.
  void Acquire() {
    Receive(ItemOf(100, kAcquire));
    Finish(ItemOf(100, kAcquire));
  }
  void RunLeaseOut() {
    now.wall.ms += 60'000;
    agent.OnTick(now);
    Take();
  }
  // Until it is confirmed; uses indices 100 and 101.
  void Lease() {
    Acquire();
    Receive(ItemOf(101, kConfirm));
  }
  template <typename T>
  std::vector<T> Effects() const {
    std::vector<T> found;
    for (const AgentEffect& effect : effects) {
      if (const auto* one = std::get_if<T>(&effect)) found.push_back(*one);
    }
    return found;
  }
  template <typename T>
  std::size_t Recorded() const {
    return static_cast<std::size_t>(std::count_if(
        records.begin(), records.end(),
        [](const LedgerRecord& record) { return std::holds_alternative<T>(record); }));
  }
  std::vector<Verdict> Verdicts() const {
    std::vector<Verdict> verdicts;
    for (const SendMessage& send : Effects<SendMessage>()) {
      if (send.message.header.kind != MessageKind::kOutcome) continue;
      verdicts.push_back(Decode<Outcome>(send.message.body).value().verdict);
    }
    return verdicts;
  }
  std::vector<ItemId> Started() const {
    std::vector<ItemId> ids;
    for (const StartWork& work : Effects<StartWork>()) ids.push_back(work.id);
    return ids;
  }

  Now now{.steady = {1000}, .wall = {1'000'000}};
  Agent agent;
  std::vector<LedgerRecord> records;
  std::vector<AgentEffect> effects;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Agent, RecordsTheStartBeforeItStarts) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  EXPECT_EQ(h.Recorded<StepStarted>(), 1U);
  EXPECT_THAT(h.Started(), ElementsAre(item.id));
  h.Finish(item);
  EXPECT_EQ(h.Recorded<StepSettled>(), 1U);
  EXPECT_EQ(h.Recorded<MappingActivated>(), 1U);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
}

TEST(Agent, D3AnswersASettledItemInsteadOfRunningItAgain) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  h.Receive(item);
  EXPECT_THAT(h.Started(), IsEmpty());  // it runs
  h.Finish(item);
  h.Receive(item);
  EXPECT_THAT(h.Started(), IsEmpty());
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
  EXPECT_THAT(h.records, IsEmpty());
}

TEST(Agent, D3AnswersAnAttemptAfterASuccessWithIt) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  h.Finish(item);
  h.Receive(ItemOf(1, ActivateItem{ActivityOf("api")}, kSecond));
  EXPECT_THAT(h.Started(), IsEmpty());
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
}

TEST(Agent, AQueryIsMadeAnewByEachAttempt) {
  AgentHarness h;
  const WorkItem first = ItemOf(1, QueryItem{ProfileName("default")}, kFirst);
  h.Receive(first);
  h.Finish(first);
  const WorkItem second = ItemOf(1, QueryItem{ProfileName("default")}, kSecond);
  h.Receive(second);
  EXPECT_THAT(h.Started(), ElementsAre(second.id)) << "what it saw then is not what there is now";
}

TEST(Agent, D3AHigherGradeEndsTheRunningLowerOneFirst) {
  AgentHarness h;
  h.Lease();
  const WorkItem forward = ItemOf(1, ActivateItem{ActivityOf("api")});
  const WorkItem inverse = ItemOf(1, DeactivateItem{ActivityOf("api")}, kInverse);
  h.Receive(forward);
  h.Receive(inverse);
  EXPECT_EQ(h.Effects<StopWork>().size(), 1U);
  EXPECT_THAT(h.Started(), IsEmpty());
  h.Finish(forward, {.verdict = Verdict::kCancelled});
  EXPECT_THAT(h.Started(), ElementsAre(inverse.id));
}

TEST(Agent, AnActivityThatNobodyAskedToEndIsUnknownLikeAfterACrash) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  h.Finish(item, {.verdict = Verdict::kCancelled, .message = "was stopped"});
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnknown));
  const WorkItem second = ItemOf(1, ActivateItem{ActivityOf("api")}, kSecond);
  h.Receive(second);
  EXPECT_THAT(h.Started(), ElementsAre(second.id));
}

TEST(Agent, WhatThePlannerRevokesIsCancelled) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  h.agent.OnMessage(
      {.header = {.kind = MessageKind::kRevoke, .queue = "target.t1", .item = item.id}}, h.now);
  h.Take();
  h.Finish(item, {.verdict = Verdict::kCancelled, .message = "was stopped"});
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kCancelled));
}

TEST(Agent, D3RefusesGradesBelowTheHighestSeen) {
  AgentHarness h;
  h.Lease();
  const WorkItem inverse = ItemOf(1, DeactivateItem{ActivityOf("api")}, kInverse);
  h.Receive(inverse);
  h.Finish(inverse);
  h.Receive(ItemOf(1, ActivateItem{ActivityOf("api")}));
  EXPECT_THAT(h.Started(), IsEmpty());
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused));
}

TEST(Agent, D1RefusesAKnownIdWithAnotherBody) {
  AgentHarness h;
  h.Lease();
  h.Receive(ItemOf(1, ActivateItem{ActivityOf("api")}));
  h.Receive(ItemOf(1, ActivateItem{ActivityOf("other")}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused));
  EXPECT_THAT(h.Started(), IsEmpty());
}

TEST(Agent, D1ServesOneJournalOnly) {
  AgentHarness h;
  h.Lease();
  WorkItem foreign = ItemOf(1, QueryItem{});
  foreign.id.step.journal = {8};
  h.Receive(foreign);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused));
  for (const SendMessage& send : h.Effects<SendMessage>()) {
    EXPECT_EQ(send.message.header.epoch, Epoch()) << "epochs of other journals say nothing of it";
  }
  EXPECT_THAT(h.Started(), IsEmpty());
}

TEST(Agent, D1ATakeOverServesAnotherJournalAndKeepsWhatIsActive) {
  AgentHarness h;
  h.Lease();
  const WorkItem up = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(up);
  WorkItem foreign = ItemOf(1, QueryItem{});
  foreign.id.step.journal = {8};
  foreign.id.step.transaction = {1};
  foreign.epoch = {1};
  foreign.takes_over = true;
  h.Receive(foreign);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused)) << "something of the other one runs";
  h.Finish(up);
  h.Receive(foreign);
  EXPECT_EQ(h.Recorded<JournalBound>(), 1U);
  EXPECT_THAT(h.Started(), ElementsAre(foreign.id));
  EXPECT_EQ(h.agent.ledger().mappings.size(), 1U);
  EXPECT_FALSE(h.agent.ledger().lease.has_value());
  h.Receive(ItemOf(2, QueryItem{}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused)) << "the old journal is over";
}

TEST(Agent, D1ABuilderServesTheJournalThatIsInCharge) {
  AgentOptions options = AgentHarness::Options();
  options.queues = {{.kind = QueueName::Kind::kBuilder, .name = "x86_64-linux"}};
  AgentHarness h;
  h.agent = Agent::Recover(options, {}, h.now);
  h.agent.OnConnected(h.now);
  h.Receive(ItemOf(1, BuildItem{}));
  h.Finish(ItemOf(1, BuildItem{}));
  WorkItem other = ItemOf(1, BuildItem{});
  other.id.step.journal = {8};
  h.Receive(other);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused)) << "nobody said that it is in charge";
  h.agent.OnJournalInCharge({8});
  h.Receive(other);
  EXPECT_THAT(h.Started(), ElementsAre(other.id));
}

TEST(Agent, D4RefusesItemsOfAnOlderEpochAndRemembersTheNewestFirst) {
  AgentHarness h;
  WorkItem newer = ItemOf(1, QueryItem{});
  newer.epoch = {4};
  h.Receive(newer);
  ASSERT_FALSE(h.records.empty());
  EXPECT_EQ(h.Recorded<EpochSeen>(), 1U);
  h.Receive(ItemOf(2, QueryItem{}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused));
}

TEST(Agent, D3RefusesWhatIsBelowTheLowWaterMark) {
  AgentHarness h;
  WorkItem item = ItemOf(1, QueryItem{});
  item.id.step.transaction = {9};
  item.low_water = {9};
  h.Receive(item);
  EXPECT_EQ(h.Recorded<LowWaterRaised>(), 1U);
  h.Receive(ItemOf(2, QueryItem{}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kRefused));
}

TEST(Agent, ASwitchItemNeedsTheConfirmedLease) {
  AgentHarness h;
  h.Receive(ItemOf(1, ActivateItem{ActivityOf("api")}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnavailable));
  const WorkItem acquire = ItemOf(2, kAcquire);
  h.Receive(acquire);
  h.Finish(acquire);
  h.Receive(ItemOf(3, ActivateItem{ActivityOf("api")}));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnavailable));
  EXPECT_EQ(h.Recorded<MappingActivated>(), 0U);
}

TEST(Agent, WhatIsAdoptedIsOnRecordAsIfItHadBeenActivatedHere) {
  AgentHarness h;
  AdoptItem adopt{AdoptItem::Way::kTakeUp, {ActivityOf("api"), ActivityOf("db")}};
  h.Receive(ItemOf(1, adopt));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnavailable)) << "without a confirmed lease";
  h.Lease();
  const WorkItem item = ItemOf(2, adopt);
  h.Receive(item);
  ASSERT_THAT(h.Started(), ElementsAre(item.id));
  h.Finish(item);
  EXPECT_EQ(h.Recorded<MappingActivated>(), 2U);
  ASSERT_EQ(h.agent.ledger().mappings.size(), 2U);
  const LedgerMapping& known = h.agent.ledger().mappings.begin()->second;
  EXPECT_EQ(*known.activity, ActivityOf("api"));
  EXPECT_EQ(known.state, ActiveMapping::State::kActive);
  adopt.way = AdoptItem::Way::kGiveUp;
  const WorkItem back = ItemOf(2, adopt, kInverse);
  h.Receive(back);
  h.Finish(back);
  EXPECT_TRUE(h.agent.ledger().mappings.empty());
}

TEST(Agent, ASnapshotNeedsNoLeaseWhileNobodyElseHasOne) {
  AgentHarness h;
  const WorkItem snapshot = ItemOf(1, SnapshotItem{ActivityOf("db")});
  h.Receive(snapshot);
  EXPECT_THAT(h.Started(), ElementsAre(snapshot.id));
  h.Finish(snapshot);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
  AgentHarness leased;
  leased.Lease();
  WorkItem other = ItemOf(2, SnapshotItem{ActivityOf("db")});
  other.id.step.transaction = {9};
  leased.Receive(other);
  EXPECT_THAT(leased.Started(), IsEmpty());
  EXPECT_THAT(leased.Verdicts(), ElementsAre(Verdict::kUnavailable));
}

TEST(Agent, AnUnconfirmedLeaseExpiresAndAConfirmedOneDoesNot) {
  AgentHarness h;
  h.Acquire();
  h.RunLeaseOut();
  EXPECT_EQ(h.Recorded<LeaseReleased>(), 1U);
  AgentHarness confirmed;
  confirmed.Lease();
  confirmed.now.wall.ms += 600'000;
  confirmed.agent.OnTick(confirmed.now);
  confirmed.Take();
  EXPECT_EQ(confirmed.Recorded<LeaseReleased>(), 0U);
}

TEST(Agent, ConfirmingIsARecordAndStartsNothing) {
  AgentHarness h;
  h.Acquire();
  h.Receive(ItemOf(2, kConfirm));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
  EXPECT_THAT(h.Started(), IsEmpty());
  EXPECT_EQ(h.Recorded<StepStarted>(), 0U);
  EXPECT_EQ(h.Recorded<StepSettled>(), 1U);
  EXPECT_EQ(h.Recorded<LeaseConfirmed>(), 1U);
  EXPECT_EQ(h.agent.held(), 0U);
}

TEST(Agent, ALeaseThatRanOutIsNotConfirmed) {
  AgentHarness h;
  h.Acquire();
  h.RunLeaseOut();
  h.Receive(ItemOf(2, kConfirm));
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnavailable));
  EXPECT_EQ(h.Recorded<LeaseConfirmed>(), 0U);
}

// The worker of an earlier version started it, and died.
TEST(Agent, ALeaseThatRanOutUnderItsConfirmationIsNotConfirmed) {
  AgentHarness h;
  h.Acquire();
  LedgerState ledger = h.agent.ledger();
  const WorkItem confirm = ItemOf(2, kConfirm);
  Apply(ledger, LedgerRecord(StepStarted{.id = confirm.id,
                                         .body_hash = confirm.body_hash,
                                         .body = Shared<ItemBody>(confirm.body)}));
  h.now.wall.ms += 60'000;
  h.agent = Agent::Recover(AgentHarness::Options(), ledger, h.now);
  h.agent.OnConnected(h.now);
  h.Take();
  EXPECT_THAT(h.Started(), ElementsAre(confirm.id));
  h.Finish(confirm);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kUnavailable));
  EXPECT_EQ(h.Recorded<LeaseConfirmed>(), 0U);
}

TEST(Agent, ATargetIsLeasedToOneTransaction) {
  AgentHarness h;
  h.Lease();
  WorkItem other = ItemOf(1, kAcquire);
  other.id.step.transaction = {6};
  h.Receive(other);
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kFailed));
}

TEST(Agent, TheLeaseOfATransactionThatWasGivenUpHoldsNobodyUp) {
  AgentHarness h;
  h.Lease();
  WorkItem next = ItemOf(1, kAcquire);
  next.id.step.transaction = {6};
  next.low_water = {6};
  h.Receive(next);
  EXPECT_EQ(h.Recorded<LeaseReleased>(), 1U);
  EXPECT_EQ(h.Recorded<LeaseGranted>(), 1U);
  EXPECT_THAT(h.Started(), ElementsAre(next.id));
}

TEST(Agent, WhatRunsForATransactionThatWasGivenUpIsOverBeforeTheNextLease) {
  AgentHarness h;
  h.Lease();
  const WorkItem late = ItemOf(3, ActivateItem{ActivityOf("web")});
  h.Receive(late);
  WorkItem next = ItemOf(1, kAcquire);
  next.id.step.transaction = {6};
  next.low_water = {6};
  h.Receive(next);
  EXPECT_THAT(h.Started(), IsEmpty()) << "the report of the lease would be wrong soon";
  ASSERT_EQ(h.Effects<StopWork>().size(), 1U);
  EXPECT_EQ(h.Effects<StopWork>()[0].id, late.id);
  ASSERT_NE(h.agent.ledger().Find(late.id), nullptr) << "a restarted worker looks for it";
  h.Finish(late, {.verdict = Verdict::kCancelled});
  EXPECT_THAT(h.Started(), ElementsAre(next.id));
  EXPECT_EQ(h.agent.ledger().MappingsOf(ProfileName("default")).size(), 1U) << "it may be up";
}

TEST(Agent, D5SendsAnOutcomeAgainUntilItIsAcknowledged) {
  AgentHarness h;
  const WorkItem item = ItemOf(1, QueryItem{});
  h.Receive(item);
  h.Finish(item);
  h.now.steady.ms += 10'000;
  h.agent.OnTick(h.now);
  h.Take();
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
  h.agent.OnDisconnected();
  h.agent.OnConnected(h.now);
  h.Take();
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kSucceeded));
  h.agent.OnMessage({.header = {.kind = MessageKind::kOutcomeAck, .item = item.id}}, h.now);
  h.Take();
  EXPECT_THAT(h.records, IsEmpty()) << "an acknowledgement is worth no sync of its own";
  h.agent.OnTick(h.now);
  h.Take();
  EXPECT_EQ(h.Recorded<OutcomeAcknowledged>(), 1U);
  h.agent.OnConnected(h.now);
  h.Take();
  EXPECT_THAT(h.Verdicts(), IsEmpty());
}

TEST(Agent, AnAcknowledgementIsRecordedWithTheNextRecord) {
  AgentHarness h;
  const WorkItem item = ItemOf(1, QueryItem{});
  h.Receive(item);
  h.Finish(item);
  h.agent.OnMessage({.header = {.kind = MessageKind::kOutcomeAck, .item = item.id}}, h.now);
  h.Receive(ItemOf(2, QueryItem{}));
  EXPECT_EQ(h.Recorded<OutcomeAcknowledged>(), 1U);
  EXPECT_EQ(h.agent.ledger().Find(item.id)->report, LedgerAttempt::Report::kAcknowledged);
}

// Such a report would never arrive, and the planner would wait for it.
TEST(Agent, AReportThatFitsIntoNoMessageIsAFailure) {
  AgentHarness h;
  const WorkItem item = ItemOf(1, QueryItem{});
  h.Receive(item);
  TargetReport report;
  report.mappings.resize(20'000, {.package = StorePath(std::string(100, 'p'))});
  h.Finish(item, {.verdict = Verdict::kSucceeded, .report = std::move(report)});
  EXPECT_THAT(h.Verdicts(), ElementsAre(Verdict::kFailed));
  EXPECT_LT(std::get<StepSettled>(h.records.front()).outcome.message.size(), 200U);
}

TEST(Agent, AFaultIsNeverAnswered) {
  AgentHarness h;
  h.agent.OnMessage({.header = {.kind = MessageKind::kFault}, .body = Encode(Fault{})}, h.now);
  h.Take();
  EXPECT_THAT(h.effects, IsEmpty());
}

TEST(Agent, ARestartedWorkerResumesWhatItHadStarted) {
  AgentHarness h;
  h.Lease();
  const WorkItem item = ItemOf(1, ActivateItem{ActivityOf("api")});
  h.Receive(item);
  Agent restarted = Agent::Recover(AgentHarness::Options(), h.agent.ledger(), h.now);
  ASSERT_EQ(restarted.decisions().effects.size(), 1U);
  const auto& work = std::get<StartWork>(restarted.decisions().effects.front());
  EXPECT_EQ(work.id, item.id);
  EXPECT_EQ(work.mode, StartMode::kResumed);
  EXPECT_THAT(restarted.decisions().records, IsEmpty());
}

TEST(Agent, ReleasingTheLeaseDropsTheRootsOfItsTransaction) {
  AgentHarness h;
  h.Lease();
  const WorkItem transfer = ItemOf(1, TransferItem{.paths = {StorePath("/store/p")}});
  h.Receive(transfer);
  EXPECT_EQ(h.Recorded<RootsAdded>(), 1U);
  h.Finish(transfer);
  const WorkItem release = ItemOf(2, UnlockItem{.what = ReleaseLease{}});
  h.Receive(release);
  EXPECT_THAT(h.Started(), IsEmpty());
  EXPECT_EQ(h.Effects<DropRoots>().size(), 1U);
  EXPECT_FALSE(h.agent.ledger().lease.has_value());
}

}  // namespace
}  // namespace eris
