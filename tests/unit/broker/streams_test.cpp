// Goal: streams are for keys that may diagnose on the target, and go where they belong. Method: the
// broker's core with peers in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/authorise.h"
#include "tests/unit/broker/network.h"

namespace eris::testing {
namespace {

using ::testing::IsEmpty;

class BrokerStreams : public ::testing::Test {
 protected:
  BrokerStreams() {
    net.keys.grants["alice"].diagnose = {"a"};
    worker = net.Worker("worker-a");
    other = net.Worker("worker-b");
    client = net.Client("alice");
    for (const Peer& peer : {worker, other, client}) net.Take(peer);
  }
  void Say(const Peer& from, const std::string& queue, SessionId to = {}) {
    net.Send(from,
             {.kind = MessageKind::kStream,
              .queue = queue,
              .client = to,
              .request = 5,
              .author = "root"},
             "piece");
  }
  bool IsRefused(const Peer& peer) {
    return net.Last<Fault>(peer, MessageKind::kFault).code == Fault::Code::kUnauthorised;
  }

  Network net;
  Peer worker;
  Peer other;
  Peer client;
};

TEST_F(BrokerStreams, GoToTheWorkerWithTheClientsNameAndBack) {
  Say(client, "target.a");
  const std::vector<Message> heard = net.Take(worker);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].header.author, "alice") << "the broker says who speaks";
  EXPECT_EQ(heard[0].header.request, 5U);
  EXPECT_EQ(heard[0].body, "piece");
  Say(worker, "target.a", heard[0].header.client);
  const std::vector<Message> answered = net.Take(client);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].header.kind, MessageKind::kStream);
  EXPECT_EQ(answered[0].header.request, 5U);
  EXPECT_EQ(answered[0].body, "piece");
  EXPECT_THAT(net.Take(other), IsEmpty());
}

TEST_F(BrokerStreams, AreForWhoMayDiagnoseThereOnly) {
  Say(client, "target.b");
  EXPECT_TRUE(IsRefused(client)) << "another target";
  Say(client, "builder.x86_64-linux");
  EXPECT_TRUE(IsRefused(client)) << "no target";
  const Peer admin = net.Client("bob");
  Say(admin, "target.a");
  EXPECT_TRUE(IsRefused(admin)) << "no level gives the right";
  EXPECT_THAT(net.Take(worker), IsEmpty());
  EXPECT_THAT(net.Take(other), IsEmpty());
}

TEST_F(BrokerStreams, EndWithTheRight) {
  Say(client, "target.a");
  const SessionId session = net.Take(worker).at(0).header.client;
  net.keys.grants["alice"].diagnose.clear();
  net.broker.OnKeysChanged();
  net.Settle();
  net.Take(client);
  Say(client, "target.a");
  EXPECT_THAT(net.Take(worker), IsEmpty());
  Say(worker, "target.a", session);
  for (const Message& message : net.Take(client)) {
    EXPECT_NE(message.header.kind, MessageKind::kStream);
  }
}

TEST_F(BrokerStreams, OfAWorkerAreForItsOwnTargetsAndClientsOnly) {
  Say(client, "target.a");
  const SessionId session = net.Take(worker).at(0).header.client;
  Say(other, "target.a", session);
  EXPECT_TRUE(IsRefused(other));
  EXPECT_THAT(net.Take(client), IsEmpty());
  const Peer planner = net.Planner();
  net.Take(planner);
  Say(worker, "target.a", {99});
  EXPECT_THAT(net.Take(planner), IsEmpty());
}

class BrokerInquiries : public BrokerStreams {
 protected:
  void Inquire(const Peer& from, const std::string& queue, SessionId to = {}) {
    net.Send(from,
             {.kind = MessageKind::kInquiry,
              .queue = queue,
              .client = to,
              .request = 7,
              .profiles = {"*"}},
             "text");
  }
  void Grant(KeyLevel level, std::vector<std::string> profiles, std::vector<std::string> targets) {
    KeyGrant& grant = net.keys.grants["alice"];
    grant.level = level;
    grant.profiles = std::move(profiles);
    grant.targets = std::move(targets);
    net.broker.OnKeysChanged();
    net.Settle();
    net.Take(client);
  }
};

TEST_F(BrokerInquiries, GoToTheWorkerWithWhatTheKeyMayChangeAndBack) {
  Grant(KeyLevel::kDeploy, {"default"}, {"a"});
  Inquire(client, "target.a");
  const std::vector<Message> heard = net.Take(worker);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].header.profiles, std::vector<std::string>{"default"}) << "says the broker";
  EXPECT_EQ(heard[0].body, "text");
  Inquire(other, "target.a", heard[0].header.client);
  EXPECT_TRUE(IsRefused(other)) << "for a target that it does not serve";
  Inquire(worker, "target.a", heard[0].header.client);
  const std::vector<Message> answered = net.Take(client);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].header.kind, MessageKind::kInquiry);
  EXPECT_EQ(answered[0].header.request, 7U);
  EXPECT_EQ(answered[0].body, "text");
}

TEST_F(BrokerInquiries, NeedTheRightsOfAQuery) {
  Inquire(client, "builder.x86_64-linux");
  EXPECT_TRUE(IsRefused(client));
  Grant(KeyLevel::kDeploy, {"*"}, {"b"});
  Inquire(client, "target.a");
  EXPECT_TRUE(IsRefused(client)) << "another target";
  Grant(KeyLevel::kRead, {"*"}, {"*"});
  Inquire(client, "target.a");
  EXPECT_TRUE(IsRefused(client)) << "too low a level";
  EXPECT_THAT(net.Take(worker), IsEmpty());
}

TEST_F(BrokerInquiries, SayWhenNobodyIsThere) {
  Inquire(client, "target.nowhere");
  const Fault fault = net.Last<Fault>(client, MessageKind::kFault);
  EXPECT_EQ(fault.code, Fault::Code::kUnavailable);
  EXPECT_EQ(fault.of, MessageKind::kInquiry);
}

TEST(AuthoriseDiagnosis, NeedsTheRightOnEachTargetAndATarget) {
  const TestKeys keys;
  KeyGrant grant = *keys.Find("alice");
  Submission submission{.id = SubmissionId("s"), .profile = ProfileName("default")};
  submission.action = Operate{.body = DiagnoseItem{}, .targets = {TargetName("a")}};
  EXPECT_FALSE(AuthoriseSubmission(grant, submission)) << "off, for administrators too";
  grant.diagnose = {"a"};
  EXPECT_TRUE(AuthoriseSubmission(grant, submission));
  submission.action =
      Operate{.body = DiagnoseItem{}, .targets = {TargetName("a"), TargetName("b")}};
  EXPECT_FALSE(AuthoriseSubmission(grant, submission));
  submission.action = Operate{.body = DiagnoseItem{}, .targets = {}};
  grant.diagnose = {"*"};
  EXPECT_FALSE(AuthoriseSubmission(grant, submission));
  grant.targets = {"b"};
  submission.action = Operate{.body = DiagnoseItem{}, .targets = {TargetName("a")}};
  EXPECT_FALSE(AuthoriseSubmission(grant, submission)) << "a target that it may not act on";
}

}  // namespace
}  // namespace eris::testing
