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
    net_.keys.grants["alice"].diagnose = {"a"};
    worker_ = net_.Worker("worker-a");
    other_ = net_.Worker("worker-b");
    client_ = net_.Client("alice");
    for (const Peer& peer : {worker_, other_, client_}) net_.Take(peer);
  }
  void Say(const Peer& from, const std::string& queue, SessionId to = {}) {
    net_.Send(from,
              {.kind = MessageKind::kStream,
               .queue = queue,
               .client = to,
               .request = 5,
               .author = "root"},
              "piece");
  }
  bool IsRefused(const Peer& peer) {
    return net_.Last<Fault>(peer, MessageKind::kFault).code == Fault::Code::kUnauthorised;
  }

  Network net_;
  Peer worker_;
  Peer other_;
  Peer client_;
};

TEST_F(BrokerStreams, GoToTheWorkerWithTheClientsNameAndBack) {
  Say(client_, "target.a");
  const std::vector<Message> heard = net_.Take(worker_);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].header.author, "alice") << "the broker says who speaks";
  EXPECT_EQ(heard[0].header.request, 5U);
  EXPECT_EQ(heard[0].body, "piece");
  Say(worker_, "target.a", heard[0].header.client);
  const std::vector<Message> answered = net_.Take(client_);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].header.kind, MessageKind::kStream);
  EXPECT_EQ(answered[0].header.request, 5U);
  EXPECT_EQ(answered[0].body, "piece");
  EXPECT_THAT(net_.Take(other_), IsEmpty());
}

TEST_F(BrokerStreams, AreForWhoMayDiagnoseThereOnly) {
  Say(client_, "target.b");
  EXPECT_TRUE(IsRefused(client_)) << "another target";
  Say(client_, "builder.x86_64-linux");
  EXPECT_TRUE(IsRefused(client_)) << "no target";
  const Peer admin = net_.Client("bob");
  Say(admin, "target.a");
  EXPECT_TRUE(IsRefused(admin)) << "no level gives the right";
  EXPECT_THAT(net_.Take(worker_), IsEmpty());
  EXPECT_THAT(net_.Take(other_), IsEmpty());
}

TEST_F(BrokerStreams, EndWithTheRight) {
  Say(client_, "target.a");
  const SessionId session = net_.Take(worker_).at(0).header.client;
  net_.keys.grants["alice"].diagnose.clear();
  net_.broker.OnKeysChanged();
  net_.Settle();
  net_.Take(client_);
  Say(client_, "target.a");
  EXPECT_THAT(net_.Take(worker_), IsEmpty());
  Say(worker_, "target.a", session);
  for (const Message& message : net_.Take(client_)) {
    EXPECT_NE(message.header.kind, MessageKind::kStream);
  }
}

TEST_F(BrokerStreams, OfAWorkerAreForItsOwnTargetsAndClientsOnly) {
  Say(client_, "target.a");
  const SessionId session = net_.Take(worker_).at(0).header.client;
  Say(other_, "target.a", session);
  EXPECT_TRUE(IsRefused(other_));
  EXPECT_THAT(net_.Take(client_), IsEmpty());
  const Peer planner = net_.Planner();
  net_.Take(planner);
  Say(worker_, "target.a", {99});
  EXPECT_THAT(net_.Take(planner), IsEmpty());
}

class BrokerInquiries : public BrokerStreams {
 protected:
  void Inquire(const Peer& from, const std::string& queue, SessionId to = {}) {
    net_.Send(from,
              {.kind = MessageKind::kInquiry,
               .queue = queue,
               .client = to,
               .request = 7,
               .profiles = {"*"}},
              "text");
  }
  void Grant(KeyLevel level, std::vector<std::string> profiles, std::vector<std::string> targets) {
    KeyGrant& grant = net_.keys.grants["alice"];
    grant.level = level;
    grant.profiles = std::move(profiles);
    grant.targets = std::move(targets);
    net_.broker.OnKeysChanged();
    net_.Settle();
    net_.Take(client_);
  }
};

TEST_F(BrokerInquiries, GoToTheWorkerWithWhatTheKeyMayChangeAndBack) {
  Grant(KeyLevel::kDeploy, {"default"}, {"a"});
  Inquire(client_, "target.a");
  const std::vector<Message> heard = net_.Take(worker_);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].header.profiles, std::vector<std::string>{"default"}) << "says the broker";
  EXPECT_EQ(heard[0].body, "text");
  Inquire(other_, "target.a", heard[0].header.client);
  EXPECT_TRUE(IsRefused(other_)) << "for a target that it does not serve";
  Inquire(worker_, "target.a", heard[0].header.client);
  const std::vector<Message> answered = net_.Take(client_);
  ASSERT_EQ(answered.size(), 1U);
  EXPECT_EQ(answered[0].header.kind, MessageKind::kInquiry);
  EXPECT_EQ(answered[0].header.request, 7U);
  EXPECT_EQ(answered[0].body, "text");
}

TEST_F(BrokerInquiries, NeedTheRightsOfAQuery) {
  Inquire(client_, "builder.x86_64-linux");
  EXPECT_TRUE(IsRefused(client_));
  Grant(KeyLevel::kDeploy, {"*"}, {"b"});
  Inquire(client_, "target.a");
  EXPECT_TRUE(IsRefused(client_)) << "another target";
  Grant(KeyLevel::kRead, {"*"}, {"*"});
  Inquire(client_, "target.a");
  EXPECT_TRUE(IsRefused(client_)) << "too low a level";
  EXPECT_THAT(net_.Take(worker_), IsEmpty());
}

TEST_F(BrokerInquiries, SayWhenNobodyIsThere) {
  Inquire(client_, "target.nowhere");
  const Fault fault = net_.Last<Fault>(client_, MessageKind::kFault);
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
