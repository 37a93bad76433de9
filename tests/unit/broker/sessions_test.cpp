// Goal: who is who: hello, rights, supersession, loss (design §7 Sessions, §9). Method: scripts of
// peers in memory against the pure core.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/broker/network.h"

namespace eris::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ByeReason LastBye(Network& net, const Peer& peer) {
  return net.Last<Bye>(peer, MessageKind::kBye).reason;
}

TEST(BrokerSessions, AsksStrangersWhoTheyAreOnceASecond) {
  Network net;
  const Peer peer = net.Connect("planner");
  net.Send(peer, {.kind = MessageKind::kPublish, .queue = "target.a"}, "x");
  net.Send(peer, {.kind = MessageKind::kHeartbeat});
  EXPECT_THAT(net.TakeKinds(peer), ElementsAre(MessageKind::kWhoAreYou));
  net.Wait(Duration{1'000});
  net.Send(peer, {.kind = MessageKind::kHeartbeat});
  EXPECT_THAT(net.TakeKinds(peer), ElementsAre(MessageKind::kWhoAreYou));
}

TEST(BrokerSessions, WelcomeTellsBootSessionAndTheNewestPlanner) {
  Network net({.boot = 77, .heartbeat = Duration{250}, .missed_heartbeats = 4});
  net.Planner(3);
  const Peer client = net.Client();
  const auto welcome = net.Last<Welcome>(client, MessageKind::kWelcome);
  EXPECT_EQ(welcome, (Welcome{.boot = 77,
                              .epoch = {3},
                              .journal = {9},
                              .session = {2},
                              .heartbeat_ms = 250,
                              .missed_heartbeats = 4}));
}

TEST(BrokerSessions, RefusesKeysRolesAndQueuesThatAreNotGranted) {
  struct Case {
    const char* key;
    Role role;
    std::vector<std::string> queues;
  };
  for (const Case& refused : std::vector<Case>{{"stranger", Role::kClient, {}},
                                               {"alice", Role::kPlanner, {}},
                                               {"worker-a", Role::kClient, {}},
                                               {"worker-a", Role::kWorker, {"target.b"}},
                                               {"alice", Role::kWorker, {"target.a"}}}) {
    Network net;
    const Peer peer = net.Connect(refused.key);
    net.SayHello(peer, {.role = refused.role, .queues = refused.queues});
    EXPECT_EQ(LastBye(net, peer), ByeReason::kUnauthorised) << refused.key;
    EXPECT_THAT(net.dropped, ElementsAre(peer.id));
    EXPECT_EQ(net.broker.sessions(), 0U);
  }
}

TEST(BrokerSessions, RefusesOtherProtocolsAndNonsense) {
  Network net;
  const Peer future = net.Connect("alice");
  net.SayHello(future, {.role = Role::kClient, .protocol_min = 2, .protocol_max = 3});
  EXPECT_EQ(LastBye(net, future), ByeReason::kProtocol);
  const Peer noise = net.Connect("alice");
  net.Send(noise, {.kind = MessageKind::kHello}, "noise");
  EXPECT_EQ(LastBye(net, noise), ByeReason::kProtocol);
}

TEST(BrokerSessions, OfOneLedgerTheNewestWins) {
  Network net;
  const Peer old = net.Worker("worker-a");
  net.Take(old);
  const Peer newer = net.Worker("worker-a");
  EXPECT_EQ(LastBye(net, old), ByeReason::kSuperseded);
  EXPECT_THAT(net.dropped, ElementsAre(old.id));
  EXPECT_EQ(net.broker.sessions(), 1U);
  EXPECT_THAT(net.TakeKinds(newer), ElementsAre(MessageKind::kWelcome));
}

TEST(BrokerSessions, AHelloThatComesAfterTheSuccessorsIsRefused) {
  Network net;
  const Hello hello_of_the_dead = net.WorkerHello("worker-a");
  const Peer living = net.Worker("worker-a");
  net.Take(living);
  const Peer late = net.Connect("worker-a");
  net.SayHello(late, hello_of_the_dead);
  EXPECT_EQ(LastBye(net, late), ByeReason::kSuperseded);
  EXPECT_THAT(net.dropped, ElementsAre(late.id));
  EXPECT_THAT(net.Take(living), IsEmpty());
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, AReconnectedProcessIsNotSentAway) {
  Network net;
  Hello hello = net.WorkerHello("worker-a");
  const Peer first = net.Connect("worker-a");
  net.SayHello(first, hello);
  net.Take(first);
  const Peer second = net.Connect("worker-a");
  net.SayHello(second, hello);
  EXPECT_THAT(net.Take(first), IsEmpty());
  EXPECT_THAT(net.dropped, ElementsAre(first.id));
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, ARepeatedHelloIsWelcomedAgain) {
  Network net;
  const Hello hello = net.WorkerHello("worker-a");
  const Peer worker = net.Connect("worker-a");
  net.SayHello(worker, hello);
  net.SayHello(worker, hello);
  EXPECT_THAT(net.TakeKinds(worker), ElementsAre(MessageKind::kWelcome, MessageKind::kWelcome));
  EXPECT_EQ(net.broker.sessions(), 1U);
  EXPECT_THAT(net.dropped, IsEmpty());
}

TEST(BrokerSessions, AnotherLedgerForAKnownTargetIsRefused) {
  Network net;
  const Peer known = net.Worker("worker-a");
  net.Lose(known);
  Hello hello = net.WorkerHello("worker-a");
  hello.ledger = {4711};
  const Peer other = net.Connect("worker-a");
  net.SayHello(other, hello);
  EXPECT_EQ(LastBye(net, other), ByeReason::kUnauthorised);
  EXPECT_EQ(net.broker.sessions(), 0U);
}

TEST(BrokerSessions, ARestartedBrokerKnowsLedgersAndForgetsThoseOfRevokedKeys) {
  KnownLedgers ledgers;
  Apply(ledgers, SpoolLedger{"target.a", {1}, "worker-a"});
  Apply(ledgers, SpoolLedger{"target.b", {2}, "somebody"});
  Network net({.ledgers = ledgers});
  const Peer other = net.Connect("worker-a");
  net.SayHello(other, net.WorkerHello("worker-a"));
  EXPECT_EQ(LastBye(net, other), ByeReason::kUnauthorised);
  net.Worker("worker-b");
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, AnAdoptedTargetBeginsAnewWithWhatWasUnderWay) {
  Network net;
  const Peer planner = net.Planner();
  const Peer known = net.Worker("worker-a");
  const Peer alice = net.Client("alice");
  const Peer bob = net.Client("bob");
  net.Publish(planner, Network::Id(1));
  const auto adopt = [&net](const Peer& by, const std::string& target) {
    net.Take(by);
    net.Send(by, {.kind = MessageKind::kRequest, .request = 5, .verb = RequestVerb::kAdopt},
             Encode(Request{.target = TargetName(target)}));
    const std::vector<Message> heard = net.Take(by);
    EXPECT_EQ(heard.size(), 1U);
    if (heard.at(0).header.kind != MessageKind::kReply) return std::string("fault");
    const Reply reply = Decode<Reply>(heard.at(0).body).value();
    if (const auto* done = std::get_if<DoneReply>(&reply.body)) return done->message;
    return std::get<ErrorReply>(reply.body).error.message;
  };
  EXPECT_EQ(adopt(bob, "a"), "fault") << "it needs level admin";
  EXPECT_EQ(adopt(alice, "a"), "a worker serves target 'a' now");
  net.Lose(known);
  EXPECT_EQ(adopt(alice, "nowhere"), "target 'nowhere' is known by no ledger");
  EXPECT_EQ(adopt(alice, "a"), "the next worker of target 'a' begins anew");
  Hello hello = net.WorkerHello("worker-a");
  hello.ledger = {4711};
  const Peer fresh = net.Connect("worker-a");
  net.SayHello(fresh, hello);
  net.Grant(fresh, "target.a", 1);
  EXPECT_THAT(net.TakeKinds(fresh), ElementsAre(MessageKind::kWelcome, MessageKind::kDeliver));
}

TEST(BrokerSessions, ATargetWhoseKeyIsReplacedMayBeginAnew) {
  Network net;
  net.Lose(net.Worker("worker-a"));
  Hello hello = net.WorkerHello("worker-a");
  hello.ledger = {4711};
  net.keys.grants["new-key"] = net.keys.grants.at("worker-a");
  net.broker.OnKeysChanged();
  const Peer early = net.Connect("new-key");
  net.SayHello(early, hello);
  EXPECT_EQ(LastBye(net, early), ByeReason::kUnauthorised);
  net.keys.grants.erase("worker-a");
  net.broker.OnKeysChanged();
  const Peer late = net.Connect("new-key");
  net.SayHello(late, hello);
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, BuildersOfDifferentLedgersServeSideBySide) {
  Network net;
  net.Worker("worker-b");
  net.Worker("builder");
  EXPECT_EQ(net.broker.queues().Servers("builder.x86_64-linux").size(), 2U);
}

TEST(BrokerSessions, TheNewestPlannerIsInCharge) {
  Network net;
  const Peer old = net.Planner(1);
  net.Take(old);
  const Peer newer = net.Planner(2);
  EXPECT_EQ(LastBye(net, old), ByeReason::kSuperseded);
  EXPECT_EQ(net.Last<Welcome>(newer, MessageKind::kWelcome).epoch, Epoch{2});
  const Peer late = net.Planner(1);
  EXPECT_EQ(LastBye(net, late), ByeReason::kSuperseded);
  // Also when the newest is away.
  net.Lose(newer);
  const Peer later = net.Planner(2);
  EXPECT_EQ(LastBye(net, later), ByeReason::kSuperseded) << "another process with the same epoch";
}

TEST(BrokerSessions, APlannersHelloWelcomesClientsAgain) {
  Network net;
  const Peer client = net.Client();
  const Peer worker = net.Worker("worker-a");
  net.Lose(net.Planner(3));
  net.Take(client);
  net.Take(worker);
  net.Planner(4);
  EXPECT_EQ(net.Last<Welcome>(client, MessageKind::kWelcome).epoch, Epoch{4});
  EXPECT_THAT(net.Take(worker), IsEmpty()) << "what workers have to say waits for nobody";
}

TEST(BrokerSessions, WorkersAreToldOfAnotherJournal) {
  Network net;
  const Peer worker = net.Worker("worker-a");
  net.Lose(net.Planner(5, 9));
  EXPECT_EQ(net.Last<Welcome>(worker, MessageKind::kWelcome).journal, JournalId{9});
  net.Planner(1, 10);
  EXPECT_EQ(net.Last<Welcome>(worker, MessageKind::kWelcome).journal, JournalId{10});
}

TEST(BrokerSessions, AnotherJournalMustWaitUntilThePlannerIsGone) {
  Network net;
  const Peer planner = net.Planner(5, 9);
  net.Publish(planner, Network::Id(1), "target.a", 5);
  const Peer other = net.Planner(1, 10);
  EXPECT_EQ(LastBye(net, other), ByeReason::kUnauthorised);
  net.Lose(planner);
  const Peer again = net.Planner(1, 10);
  EXPECT_EQ(net.Last<Welcome>(again, MessageKind::kWelcome).journal, JournalId{10});
  EXPECT_EQ(net.broker.queues().known(), 0U) << "items of the other journal are void";
}

TEST(BrokerSessions, HeartbeatsAreAnsweredAndKeepTheSession) {
  Network net;
  const Peer worker = net.Worker("worker-a");
  net.Take(worker);
  for (int beat = 0; beat < 10; ++beat) {
    net.Wait(Duration{5'000});
    net.Send(worker, {.kind = MessageKind::kHeartbeat});
    net.Tick();
  }
  EXPECT_THAT(net.TakeKinds(worker), ::testing::Each(MessageKind::kHeartbeat));
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, SilenceEndsTheSession) {
  Network net;
  const Peer worker = net.Worker("worker-a");
  net.Wait(Duration{15'000});
  EXPECT_EQ(net.broker.sessions(), 1U);
  net.Wait(Duration{1});
  EXPECT_EQ(LastBye(net, worker), ByeReason::kLost);
  EXPECT_EQ(net.broker.sessions(), 0U);
  net.Take(worker);
  net.Send(worker, {.kind = MessageKind::kHeartbeat});
  EXPECT_THAT(net.TakeKinds(worker), ElementsAre(MessageKind::kWhoAreYou));
}

TEST(BrokerSessions, APauseOfTheBrokerIsNotSilenceOfItsPeers) {
  Network net;
  net.Worker("worker-a");
  net.Tick();
  net.Pass(Duration{60'000});
  EXPECT_EQ(net.broker.sessions(), 1U);
}

TEST(BrokerSessions, APlannerBehindTheTargetsIsStopped) {
  Network net;
  const Peer planner = net.Planner(5);
  Hello hello = net.WorkerHello("worker-a");
  hello.journal = {9};
  hello.epoch = {5};
  net.SayHello(net.Connect("worker-a"), hello);
  EXPECT_EQ(net.broker.sessions(), 2U) << "it has seen this planner";
  hello.epoch = {6};
  net.SayHello(net.Connect("worker-a"), hello);
  EXPECT_EQ(LastBye(net, planner), ByeReason::kSuperseded);
  const Peer again = net.Planner(5);
  EXPECT_EQ(LastBye(net, again), ByeReason::kSuperseded);
  const Peer newer = net.Planner(7);
  EXPECT_EQ(net.Last<Welcome>(newer, MessageKind::kWelcome).epoch, Epoch{7});
}

// A planner as it says hello, and what a worker has seen of its journal.
struct Lineage {
  const char* what;
  std::vector<PlannerStart> starts;
  TransactionId transaction;
  bool serves;
};

// The planner comes before the worker, or after it: the answer is the same.
TEST(BrokerSessions, APlannerThatLacksWhatTargetsHaveSeenIsStoppedHoweverNewItIs) {
  const JournalPosition seen{.epoch = {5}, .event = {70}, .transaction = {3}};
  for (const Lineage& planner : std::vector<Lineage>{
           {"goes on from there", {{{3}, {1}}, {{5}, {9}}, {{9}, {71}}}, {3}, true},
           {"an old backup, started often", {{{3}, {1}}, {{7}, {9}}, {{9}, {400}}}, {3}, false},
           {"a backup since the last start", {{{3}, {1}}, {{5}, {9}}, {{9}, {70}}}, {3}, false},
           {"such a one, started often", {{{5}, {9}}, {{8}, {70}}, {{9}, {400}}}, {3}, false},
           {"a transaction is missing", {{{3}, {1}}, {{5}, {9}}, {{9}, {71}}}, {2}, false},
           {"remembers only later starts", {{{7}, {71}}, {{9}, {72}}}, {3}, true},
           {"does not know when it was started", {{{5}, {}}, {{9}, {}}}, {3}, true}}) {
    for (const bool worker_first : {true, false}) {
      Network net;
      Hello worker = net.WorkerHello("worker-a");
      worker.journal = {9};
      worker.epoch = seen.epoch;
      worker.event = seen.event;
      worker.transaction = seen.transaction;
      if (worker_first) net.SayHello(net.Connect("worker-a"), worker);
      const Peer peer = net.Connect("planner");
      net.SayHello(peer, {.role = Role::kPlanner,
                          .journal = {9},
                          .epoch = planner.starts.back().epoch,
                          .transaction = planner.transaction,
                          .starts = planner.starts});
      if (!worker_first) net.SayHello(net.Connect("worker-a"), worker);
      EXPECT_EQ(net.broker.sessions(), planner.serves ? 2U : 1U) << planner.what;
      if (planner.serves) continue;
      EXPECT_EQ(net.Last<Bye>(peer, MessageKind::kBye).seen.event, seen.event) << planner.what;
    }
  }
}

// What was seen of the right journal is not taken for something of the start that was served last.
TEST(BrokerSessions, ABackupThatWasServedOnceIsStoppedWhenATargetKnowsMore) {
  Network net;
  const Hello backup{.role = Role::kPlanner,
                     .journal = {9},
                     .epoch = {8},
                     .transaction = {3},
                     .starts = {{{5}, {9}}, {{8}, {60}}}};
  const Peer first = net.Connect("planner");
  net.SayHello(first, backup);
  EXPECT_EQ(net.broker.sessions(), 1U) << "nobody knows more";
  net.broker.OnPeerGone(first.id);
  Hello worker = net.WorkerHello("worker-a");
  worker.journal = {9};
  worker.epoch = {5};
  worker.event = {70};
  net.SayHello(net.Connect("worker-a"), worker);
  const Peer again = net.Connect("planner");
  net.SayHello(again, backup);
  EXPECT_EQ(LastBye(net, again), ByeReason::kSuperseded);
}

TEST(BrokerSessions, EachKindIsForOneRoleOnly) {
  struct Case {
    MessageKind kind;
    Role role;
  };
  const std::vector<Case> rules{{MessageKind::kPublish, Role::kPlanner},
                                {MessageKind::kRevoke, Role::kPlanner},
                                {MessageKind::kOutcomeAck, Role::kPlanner},
                                {MessageKind::kSubmissionTaken, Role::kPlanner},
                                {MessageKind::kReply, Role::kPlanner},
                                {MessageKind::kCredit, Role::kWorker},
                                {MessageKind::kOutcome, Role::kWorker},
                                {MessageKind::kProgress, Role::kWorker},
                                {MessageKind::kVitals, Role::kWorker},
                                {MessageKind::kSubmitChunk, Role::kClient},
                                {MessageKind::kRequest, Role::kClient},
                                {MessageKind::kDeliver, Role::kUnspecified},
                                {MessageKind::kWelcome, Role::kUnspecified},
                                {MessageKind::kReceipt, Role::kUnspecified},
                                {MessageKind::kPresence, Role::kUnspecified},
                                {MessageKind::kSubmitReply, Role::kUnspecified}};
  for (const Case& rule : rules) {
    Network net;
    for (const auto& [peer, role] : {std::pair{net.Planner(), Role::kPlanner},
                                     {net.Worker("worker-a"), Role::kWorker},
                                     {net.Client(), Role::kClient}}) {
      if (role == rule.role) continue;
      net.Take(peer);
      net.Send(peer, {.kind = rule.kind, .queue = "target.a"}, "x");
      EXPECT_EQ(net.Last<Fault>(peer, MessageKind::kFault).code, Fault::Code::kUnauthorised)
          << ToString(rule.kind) << " of a " << ToString(role);
    }
  }
}

TEST(BrokerSessions, UnknownKindsAreUnimplementedAndFaultsAreNotAnswered) {
  Network net;
  const Peer client = net.Client();
  net.Take(client);
  net.Send(client, {.kind = MessageKind::kUnspecified, .request = 5});
  EXPECT_EQ(net.Last<Fault>(client, MessageKind::kFault).code, Fault::Code::kUnimplemented);
  EXPECT_EQ(net.Take(client).back().header.request, 5U);
  net.Send(client, {.kind = MessageKind::kFault}, Encode(Fault{.code = Fault::Code::kBusy}));
  EXPECT_THAT(net.Take(client), IsEmpty());
}

TEST(BrokerSessions, ARevokedKeyLosesItsSession) {
  Network net;
  const Peer worker = net.Worker("worker-a");
  const Peer client = net.Client();
  net.keys.grants.erase("worker-a");
  net.keys.grants["alice"].level = KeyLevel::kNone;
  net.broker.OnKeysChanged();
  net.Settle();
  EXPECT_EQ(LastBye(net, worker), ByeReason::kUnauthorised);
  EXPECT_EQ(net.broker.sessions(), 1U);
  net.Send(client, {.kind = MessageKind::kRequest, .verb = RequestVerb::kStatus});
  EXPECT_EQ(net.Last<Fault>(client, MessageKind::kFault).code, Fault::Code::kUnauthorised);
}

TEST(BrokerSessions, PresenceIsToldAtOnceAndWhenItChanges) {
  Network net;
  net.Worker("worker-b");
  const Peer planner = net.Planner();
  std::vector<Message> told = net.Take(planner);
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].header.kind, MessageKind::kWelcome);
  EXPECT_EQ(told[1].header.queue, "builder.x86_64-linux");
  EXPECT_EQ(told[2].header.queue, "target.b");
  EXPECT_EQ(Decode<Presence>(told[2].body)->state, Presence::State::kConnected);

  const Peer worker = net.Worker("worker-a");
  EXPECT_EQ(net.Last<Presence>(planner, MessageKind::kPresence),
            (Presence{.queue = "target.a",
                      .state = Presence::State::kConnected,
                      .worker = "worker-a",
                      .keys = {"worker-a"}}));
  net.Lose(worker);
  EXPECT_EQ(net.Last<Presence>(planner, MessageKind::kPresence), (Presence{.queue = "target.a"}));
}

TEST(BrokerSessions, ShutdownTellsEverybody) {
  Network net;
  const Peer client = net.Client();
  net.broker.OnShutdown();
  net.Settle();
  EXPECT_EQ(LastBye(net, client), ByeReason::kShutdown);
}

TEST(BrokerSessions, TooManySessionsAreToldToComeBack) {
  Network net({.sessions = 1});
  net.Client();
  const Peer second = net.Client("bob");
  EXPECT_EQ(LastBye(net, second), ByeReason::kShutdown);
}

}  // namespace
}  // namespace eris::testing
