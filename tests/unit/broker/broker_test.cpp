// Goal: items, outcomes and requests go where they may and nowhere else (design §7 D1-D5, D7, §9).
// Method: scripts of peers in memory against the pure core.
#include "broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/broker/network.h"

namespace eris::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ItemId> TakeDelivered(Network& net, const Peer& worker) {
  std::vector<ItemId> ids;
  for (const Message& message : net.Take(worker)) {
    if (message.header.kind == MessageKind::kDeliver) ids.push_back(message.header.item);
  }
  return ids;
}

Receipt::What LastReceipt(Network& net, const Peer& planner) {
  return net.Last<Receipt>(planner, MessageKind::kReceipt).what;
}
Fault::Code LastFault(Network& net, const Peer& peer) {
  return net.Last<Fault>(peer, MessageKind::kFault).code;
}

TEST(BrokerItems, TravelVerbatimFromPlannerToWorker) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Take(worker);
  net.Publish(planner, Network::Id(1));
  const std::vector<Message> received = net.Take(worker);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0], (Message{.header = {.kind = MessageKind::kDeliver,
                                             .queue = "target.a",
                                             .item = Network::Id(1),
                                             .epoch = {1},
                                             .body_hash = 7},
                                  .body = "item"}));
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kQueued);
}

TEST(BrokerItems, WaitForTheirWorkerAndItsCredit) {
  Network net;
  const Peer planner = net.Planner();
  for (std::uint32_t index = 0; index < 3; ++index) net.Publish(planner, Network::Id(index));
  const Peer worker = net.Worker("worker-a", 2);
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(0), Network::Id(1)));
  net.Grant(worker, "target.a", 2);
  EXPECT_THAT(TakeDelivered(net, worker), IsEmpty());
  net.Report(worker, Network::Id(0));
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(2)));
}

// So that a planner hears of a newer one from whoever has served it (design D1).
TEST(BrokerItems, OutcomesTellTheEpochThatTheWorkerKnows) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Take(planner);
  net.Send(
      worker,
      {.kind = MessageKind::kOutcome, .queue = "target.a", .item = Network::Id(0), .epoch = {9}},
      "outcome");
  const std::vector<Message> told = net.Take(planner);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().header.kind, MessageKind::kOutcome);
  EXPECT_EQ(told.front().header.epoch, Epoch{9});
}

TEST(BrokerItems, OfOtherQueuesAreNotDelivered) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Publish(planner, Network::Id(1), "target.b");
  EXPECT_THAT(TakeDelivered(net, worker), IsEmpty());
}

TEST(BrokerItems, AreReceiptedByWhatBecameOfThem) {
  Network net({.queues = {.items_per_queue = 1}});
  const Peer planner = net.Planner();
  net.Publish(planner, Network::Id(1));
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kQueued);
  net.Publish(planner, Network::Id(1));
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kDuplicate);
  net.Publish(planner, Network::Id(2));
  EXPECT_EQ(net.Last<Receipt>(planner, MessageKind::kReceipt),
            (Receipt{.what = Receipt::What::kBusy, .retry_after_ms = 1'000}));
  net.Publish(planner, Network::Id(3), "target.a", 0);
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kFenced);
}

TEST(BrokerItems, AreRefusedWhenMalformedOrChanged) {
  Network net;
  const Peer planner = net.Planner();
  const Header good{.kind = MessageKind::kPublish,
                    .queue = "target.a",
                    .item = Network::Id(1),
                    .epoch = {1},
                    .body_hash = 7};
  net.Send(planner, good, "item");
  for (int wrong = 0; wrong < 4; ++wrong) {
    net.Take(planner);
    Header header = good;
    std::string body = "item";
    if (wrong == 0) header.queue = "a";
    if (wrong == 1) header.item.grade.attempt = 0;
    if (wrong == 2) body.clear();
    if (wrong == 3) header.body_hash = 8;
    net.Send(planner, header, body);
    EXPECT_EQ(LastFault(net, planner), Fault::Code::kInvalid) << wrong;
  }
  EXPECT_EQ(net.broker.queues().known(), 1U);
}

TEST(BrokerItems, OfAnotherJournalAreFenced) {
  Network net;
  const Peer planner = net.Planner();
  ItemId id = Network::Id(1);
  id.step.journal = {10};
  net.Publish(planner, id);
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kFenced);
}

TEST(BrokerItems, OfTheOldPlannerLeaveTheQueues) {
  Network net;
  const Peer old = net.Planner(1);
  net.Publish(old, Network::Id(1));
  const Peer planner = net.Planner(2);
  const Peer worker = net.Worker("worker-a");
  EXPECT_THAT(TakeDelivered(net, worker), IsEmpty());
  net.Publish(planner, Network::Id(1), "target.a", 2);
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(1)));
  net.Take(old);
  net.Publish(old, Network::Id(2), "target.a", 1);
  EXPECT_THAT(net.TakeKinds(old), ElementsAre(MessageKind::kWhoAreYou)) << "it has no session";
}

TEST(BrokerItems, OfASilentWorkerAreDeliveredToTheNextSession) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Publish(planner, Network::Id(1));
  net.Wait(Duration{15'001});
  const Peer again = net.Worker("worker-a");
  EXPECT_THAT(TakeDelivered(net, again), ElementsAre(Network::Id(1)));
}

TEST(BrokerItems, InHandOfAReconnectedWorkerAreNotDeliveredAgain) {
  Network net;
  const Peer planner = net.Planner();
  net.Worker("worker-a");
  net.Publish(planner, Network::Id(1));
  net.Publish(planner, Network::Id(2));
  Hello hello = net.WorkerHello("worker-a");
  hello.in_flight = {Network::Id(2)};
  const Peer again = net.Connect("worker-a");
  net.SayHello(again, hello);
  net.Grant(again, "target.a", 10);
  EXPECT_THAT(TakeDelivered(net, again), ElementsAre(Network::Id(1)));
}

TEST(BrokerItems, OfALostBuilderGoToAnother) {
  Network net;
  const Peer planner = net.Planner();
  const Peer first = net.Worker("builder");
  net.Publish(planner, Network::Id(1), "builder.x86_64-linux");
  const Peer second = net.Worker("worker-b");
  net.Take(second);
  net.Lose(first);
  EXPECT_THAT(TakeDelivered(net, second), ElementsAre(Network::Id(1)));
}

TEST(BrokerOutcomes, GoToThePlannerAndTheAcknowledgementBack) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Publish(planner, Network::Id(1));
  net.Take(planner);
  net.Take(worker);
  net.Report(worker, Network::Id(1));
  EXPECT_THAT(
      net.Take(planner),
      ElementsAre(Message{
          .header = {.kind = MessageKind::kOutcome, .queue = "target.a", .item = Network::Id(1)},
          .body = "outcome"}));
  net.Send(planner, {.kind = MessageKind::kOutcomeAck, .queue = "target.a", .item = Network::Id(1)},
           "ack");
  EXPECT_THAT(
      net.Take(worker),
      ElementsAre(Message{
          .header = {.kind = MessageKind::kOutcomeAck, .queue = "target.a", .item = Network::Id(1)},
          .body = "ack"}));
  EXPECT_EQ(net.broker.queues().known(), 0U);
}

TEST(BrokerOutcomes, UnknownOnesAreForwardedToo) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Take(planner);
  net.Report(worker, Network::Id(5));
  EXPECT_THAT(net.TakeKinds(planner), ElementsAre(MessageKind::kOutcome));
}

TEST(BrokerOutcomes, OfOthersAreRefused) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-b");
  net.Publish(planner, Network::Id(1));
  net.Take(planner);
  net.Report(worker, Network::Id(1), "target.a");
  EXPECT_EQ(LastFault(net, worker), Fault::Code::kUnauthorised);
  net.Take(worker);
  net.Report(worker, Network::Id(1), "target.b");
  EXPECT_EQ(LastFault(net, worker), Fault::Code::kUnauthorised);
  EXPECT_THAT(net.Take(planner), IsEmpty());
}

TEST(BrokerOutcomes, OfAWorkerOfSeveralQueuesNameAnyOfThem) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-b", 1);
  net.Publish(planner, Network::Id(1), "builder.x86_64-linux");
  net.Publish(planner, Network::Id(2), "builder.x86_64-linux");
  net.Take(planner);
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(1)));
  net.Report(worker, Network::Id(1), "target.b");
  EXPECT_THAT(net.TakeKinds(planner), ElementsAre(MessageKind::kOutcome));
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(2)))
      << "its credit is free again";
}

TEST(BrokerOutcomes, WithoutAPlannerAreDroppedAndAskedForAgain) {
  Network net;
  const Peer old = net.Planner(1);
  const Peer worker = net.Worker("worker-a");
  net.Publish(old, Network::Id(1));
  net.Lose(old);
  net.Take(worker);
  net.Report(worker, Network::Id(1));
  const Peer planner = net.Planner(2);
  net.Publish(planner, Network::Id(1), "target.a", 2);
  EXPECT_EQ(LastReceipt(net, planner), Receipt::What::kDuplicate);
  EXPECT_THAT(TakeDelivered(net, worker), ElementsAre(Network::Id(1)))
      << "the ledger answers at once";
}

TEST(BrokerOutcomes, AcknowledgementsReachEveryBuilder) {
  Network net;
  const Peer planner = net.Planner();
  const Peer first = net.Worker("builder");
  const Peer second = net.Worker("worker-b");
  net.Take(first);
  net.Take(second);
  net.Send(
      planner,
      {.kind = MessageKind::kOutcomeAck, .queue = "builder.x86_64-linux", .item = Network::Id(1)});
  EXPECT_THAT(net.TakeKinds(first), ElementsAre(MessageKind::kOutcomeAck));
  EXPECT_THAT(net.TakeKinds(second), ElementsAre(MessageKind::kOutcomeAck));
}

TEST(BrokerOutcomes, RevokeReachesWhoeverHoldsTheItem) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a", 1);
  net.Publish(planner, Network::Id(1));
  net.Publish(planner, Network::Id(2));
  net.Take(worker);
  for (const std::uint32_t index : {1U, 2U}) {
    net.Send(planner,
             {.kind = MessageKind::kRevoke, .queue = "target.a", .item = Network::Id(index)});
  }
  EXPECT_THAT(net.Take(worker), ElementsAre(Message{.header = {.kind = MessageKind::kRevoke,
                                                               .queue = "target.a",
                                                               .item = Network::Id(1)}}));
  EXPECT_EQ(net.broker.queues().waiting("target.a"), 0U);
}

TEST(BrokerOutcomes, ProgressIsForwarded) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Take(planner);
  net.Send(worker, {.kind = MessageKind::kProgress, .queue = "target.a", .item = Network::Id(1)},
           "p");
  EXPECT_THAT(net.TakeKinds(planner), ElementsAre(MessageKind::kProgress));
}

TEST(BrokerOutcomes, VitalsAreForwardedNowAndThenOnly) {
  Network net;
  const Peer planner = net.Planner();
  const Peer worker = net.Worker("worker-a");
  net.Take(planner);
  const auto say = [&] {
    net.Send(worker, {.kind = MessageKind::kVitals, .queue = "target.a"}, "v");
    return net.TakeKinds(planner).size();
  };
  EXPECT_EQ(say(), 1U);
  EXPECT_EQ(say(), 0U) << "too soon";
  net.now.steady = net.now.steady + Duration(limits::kVitalsPauseMs);
  EXPECT_EQ(say(), 1U);
  net.Send(worker, {.kind = MessageKind::kVitals, .queue = "target.b"}, "v");
  EXPECT_THAT(net.Take(planner), IsEmpty()) << "which it does not serve";
  const Peer successor = net.Planner(9);
  EXPECT_THAT(net.TakeKinds(successor), Contains(MessageKind::kVitals)) << "the last ones";
}

TEST(BrokerRequests, ThatChangeSomethingSayWhatTheKeyMayChange) {
  Network net;
  const Peer planner = net.Planner();
  const Peer client = net.Client("bob");
  net.Take(planner);
  net.Send(client, {.kind = MessageKind::kRequest, .verb = RequestVerb::kCancel, .profiles = {"*"}},
           "q");
  const Header heard = net.Take(planner).at(0).header;
  EXPECT_THAT(heard.profiles, ElementsAre("default"));
  EXPECT_EQ(heard.targets, net.keys.grants["bob"].targets);
}

TEST(BrokerRequests, GoToThePlannerWithTheClientsNameAndBack) {
  Network net;
  const Peer planner = net.Planner();
  const Peer client = net.Client("reader");
  net.Take(planner);
  net.Take(client);
  net.Send(client,
           {.kind = MessageKind::kRequest,
            .client = {99},
            .request = 5,
            .verb = RequestVerb::kStatus,
            .author = "root"},
           "question");
  const std::vector<Message> asked = net.Take(planner);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].header.author, "reader");
  EXPECT_NE(asked[0].header.client, SessionId{99}) << "the broker says who asks";
  EXPECT_EQ(asked[0].body, "question");

  net.Send(planner,
           {.kind = MessageKind::kReply,
            .client = asked[0].header.client,
            .request = asked[0].header.request},
           "answer");
  const std::vector<Message> answered = net.Take(client);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].header.kind, MessageKind::kReply);
  EXPECT_EQ(answered[0].header.request, 5U);
  EXPECT_EQ(answered[0].body, "answer");
}

TEST(BrokerRequests, WithoutAPlannerAreUnavailable) {
  Network net;
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kRequest, .request = 5, .verb = RequestVerb::kWatch});
  EXPECT_EQ(LastFault(net, client), Fault::Code::kUnavailable);
  EXPECT_EQ(net.Take(client).back().header.request, 5U);
}

TEST(BrokerRequests, NeedALevel) {
  struct Case {
    RequestVerb verb;
    KeyLevel level;
  };
  for (const Case& rule : std::vector<Case>{{RequestVerb::kStatus, KeyLevel::kRead},
                                            {RequestVerb::kWatch, KeyLevel::kRead},
                                            {RequestVerb::kUnwatch, KeyLevel::kRead},
                                            {RequestVerb::kLogs, KeyLevel::kRead},
                                            {RequestVerb::kHistory, KeyLevel::kRead},
                                            {RequestVerb::kGenerations, KeyLevel::kRead},
                                            {RequestVerb::kGetManifest, KeyLevel::kRead},
                                            {RequestVerb::kGetBase, KeyLevel::kRead},
                                            {RequestVerb::kTargets, KeyLevel::kRead},
                                            {RequestVerb::kCancel, KeyLevel::kDeploy},
                                            {RequestVerb::kAbandon, KeyLevel::kDeploy}}) {
    Network net;
    const Peer planner = net.Planner();
    const int needed = static_cast<int>(rule.level);
    for (const int level : {needed - 1, needed}) {
      net.keys.grants["alice"].level = static_cast<KeyLevel>(level);
      const Peer client = net.Client();
      net.Take(planner);
      net.Send(client, {.kind = MessageKind::kRequest, .verb = rule.verb});
      EXPECT_EQ(net.Take(planner).size(), level == needed ? 1U : 0U) << ToString(rule.verb);
    }
  }
}

TEST(BrokerRequests, UnknownVerbsAreUnimplemented) {
  Network net;
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kRequest, .verb = RequestVerb::kUnspecified});
  EXPECT_EQ(LastFault(net, client), Fault::Code::kUnimplemented);
}

TEST(BrokerRequests, RepliesToAGoneClientTellThePlanner) {
  Network net;
  const Peer planner = net.Planner();
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kRequest, .request = 5, .verb = RequestVerb::kWatch});
  const SessionId asker = net.Take(planner).back().header.client;
  net.Lose(client);
  net.Send(planner, {.kind = MessageKind::kReply, .client = asker, .request = 5}, "event");
  EXPECT_EQ(net.Last<Fault>(planner, MessageKind::kFault).code, Fault::Code::kUnavailable);
  EXPECT_EQ(net.Take(planner).back().header.client, asker);
}

TEST(BrokerRequests, FaultsOfThePlannerReachTheClientWhoAsked) {
  Network net;
  const Peer planner = net.Planner();
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kRequest, .request = 5, .verb = RequestVerb::kLogs});
  const Header asked = net.Take(planner).back().header;
  net.Take(client);
  net.Send(planner, {.kind = MessageKind::kFault, .client = asked.client, .request = 5},
           Encode(Fault{.code = Fault::Code::kUnimplemented}));
  EXPECT_EQ(LastFault(net, client), Fault::Code::kUnimplemented);
  EXPECT_EQ(net.Take(client).back().header.request, 5U);
  EXPECT_THAT(net.Take(planner), IsEmpty());
}

// What a planner has been asked and has not answered when its session ends.
struct Unanswered {
  Network net;
  Peer planner = net.Planner();
  Peer client = net.Client();

  SessionId Ask(std::uint64_t number, RequestVerb verb) {
    net.Send(client, {.kind = MessageKind::kRequest, .request = number, .verb = verb});
    const SessionId asker = net.Take(planner).back().header.client;
    net.Take(client);
    return asker;
  }
  void Answer(SessionId asker, std::uint64_t number, More more) {
    net.Send(planner, {.kind = MessageKind::kReply, .client = asker, .request = number},
             Encode(Reply{more, DoneReply{}}));
    net.Take(client);
  }
  // Numbers of the requests that the client is told are not answered.
  std::vector<std::uint64_t> Told() {
    std::vector<std::uint64_t> numbers;
    for (const Message& message : net.Take(client)) {
      const auto fault = Decode<Fault>(message.body);
      if (message.header.kind != MessageKind::kFault || !fault) continue;
      EXPECT_EQ(fault->code, Fault::Code::kUnavailable);
      EXPECT_EQ(fault->of, MessageKind::kRequest);
      numbers.push_back(message.header.request);
    }
    return numbers;
  }
};

TEST(BrokerRequests, InFlightAreAnsweredWhenThePlannersSessionEnds) {
  Unanswered asked;
  const SessionId asker = asked.Ask(1, RequestVerb::kGetBase);
  asked.Ask(2, RequestVerb::kStatus);
  asked.Ask(3, RequestVerb::kWatch);
  asked.Ask(4, RequestVerb::kHistory);
  asked.Answer(asker, 2, More::kLast);
  asked.Answer(asker, 4, More::kMoreFollows);
  asked.net.Lose(asked.planner);
  EXPECT_THAT(asked.Told(), ElementsAre(1U, 4U))
      << "not what was answered in full, and no watch: it goes on with the next planner";
  EXPECT_FALSE(asked.net.broker.AwaitsPlanner());
}

TEST(BrokerRequests, OfASilentPlannerAreAnsweredToo) {
  Unanswered asked;
  asked.Ask(1, RequestVerb::kGetBase);
  for (int i = 0; i < 6; ++i) {
    asked.net.Send(asked.client, {.kind = MessageKind::kHeartbeat});
    asked.net.Wait(Duration(3'000));
  }
  EXPECT_THAT(asked.Told(), ElementsAre(1U));
}

TEST(BrokerRequests, AreAskedAgainOfThePlannersSuccessor) {
  Unanswered asked;
  asked.Ask(1, RequestVerb::kGetBase);
  asked.net.Planner(2);
  EXPECT_THAT(asked.net.TakeKinds(asked.client), ElementsAre(MessageKind::kWelcome));
  EXPECT_FALSE(asked.net.broker.AwaitsPlanner());
}

TEST(BrokerRequests, OfAClientThatIsGoneAreNotWaitedFor) {
  Unanswered asked;
  asked.Ask(1, RequestVerb::kGetBase);
  asked.net.Lose(asked.client);
  EXPECT_FALSE(asked.net.broker.AwaitsPlanner());
}

TEST(BrokerRequests, AreBounded) {
  Network net(BrokerOptions{.requests = 1});
  const Peer planner = net.Planner();
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kRequest, .request = 1, .verb = RequestVerb::kStatus});
  net.Take(client);
  net.Send(client, {.kind = MessageKind::kRequest, .request = 2, .verb = RequestVerb::kStatus});
  EXPECT_EQ(LastFault(net, client), Fault::Code::kBusy);
}

TEST(BrokerRequests, ThePlannerIsProbedWhileSomebodyWaitsForIt) {
  Unanswered asked;
  asked.net.Take(asked.planner);
  asked.net.broker.ProbePlanner();
  asked.net.Settle();
  EXPECT_THAT(asked.net.Take(asked.planner), IsEmpty());
  asked.Ask(1, RequestVerb::kGetBase);
  asked.net.broker.ProbePlanner();
  asked.net.Settle();
  EXPECT_THAT(asked.net.TakeKinds(asked.planner), ElementsAre(MessageKind::kHeartbeat));
}

}  // namespace
}  // namespace eris::testing
