// Goal: the invariants of the client's session (session.h). Method: events at chosen moments,
// effects as text.
#include "broker/link/session.h"

#include <gtest/gtest.h>

#include <string>

#include "schema/base/overloaded.h"

namespace eris::link {
namespace {

using State = SessionState;

std::string Describe(const SessionEffect& effect) {
  return std::visit(
      Overloaded{[](const SayHello&) -> std::string { return "hello"; },
                 [](const SayHeartbeat&) -> std::string { return "heartbeat"; },
                 [](const Established& e) -> std::string {
                   switch (e.boot) {
                     case Established::Boot::kFirst:
                       return "established(first)";
                     case Established::Boot::kSame:
                       return "established(same)";
                     case Established::Boot::kNew:
                       return "established(new)";
                   }
                   return "?";
                 },
                 [](const Lost& e) { return "lost(" + std::string(ToString(e.reason)) + ")"; },
                 [](const Redial&) -> std::string { return "redial"; },
                 [](const Ended&) -> std::string { return "ended"; }},
      effect);
}

// A session and the moment it is at; heartbeat 5 s, lost after 3.
class SessionTest : public testing::Test {
 protected:
  SteadyTime At(std::int64_t seconds) const { return {1'000'000 + seconds * 1000}; }

  std::string Effects() {
    std::string text;
    for (const SessionEffect& effect : session_.TakeEffects()) {
      text += (text.empty() ? "" : " ") + Describe(effect);
    }
    return text;
  }

  static Welcome WelcomeOf(std::uint64_t boot) { return {.boot = boot, .session = SessionId{7}}; }

  std::string Up(std::int64_t at) {
    session_.OnLink(LinkEvent::kUp, At(at));
    return Effects();
  }
  std::string Say(const Welcome& welcome, std::int64_t at) {
    session_.OnHeard(At(at));
    session_.OnWelcome(welcome, At(at));
    return Effects();
  }
  std::string Say(ByeReason reason, std::int64_t at) {
    session_.OnHeard(At(at));
    session_.OnBye({.reason = reason, .message = "why"}, At(at));
    return Effects();
  }
  std::string Time(std::int64_t at) {
    session_.OnTime(At(at));
    return Effects();
  }
  std::int64_t DeadlineSeconds() const {
    const auto deadline = session_.Deadline();
    return deadline ? (deadline->ms - At(0).ms) / 1000 : -1;
  }
  void Establish() {
    ASSERT_EQ(Up(0), "hello");
    ASSERT_EQ(Say(WelcomeOf(1), 0), "established(first)");
  }

  ClientSession session_;
};

TEST_F(SessionTest, SaysNothingUntilTheLinkIsUp) {
  EXPECT_EQ(DeadlineSeconds(), -1);
  session_.OnLink(LinkEvent::kUnreachable, At(0));
  session_.OnLink(LinkEvent::kRefused, At(0));
  session_.OnWhoAreYou(At(0));
  EXPECT_EQ(Say(WelcomeOf(1), 0), "");
  EXPECT_EQ(session_.state(), State::kDown);
  EXPECT_EQ(Effects(), "");
}

TEST_F(SessionTest, LinkHelloWelcome) {
  EXPECT_EQ(Up(0), "hello");
  EXPECT_EQ(session_.state(), State::kGreeting);
  EXPECT_EQ(Say(WelcomeOf(1), 1), "established(first)");
  EXPECT_EQ(session_.state(), State::kEstablished);
  EXPECT_EQ(session_.welcome().session, SessionId{7});
  EXPECT_EQ(DeadlineSeconds(), 6);
}

TEST_F(SessionTest, EveryWelcomeAsksForAResendAndTellsANewBoot) {
  Establish();
  EXPECT_EQ(Say(WelcomeOf(1), 1), "established(same)");
  EXPECT_EQ(Say(WelcomeOf(2), 2), "established(new)");
  session_.OnLink(LinkEvent::kDown, At(3));
  EXPECT_EQ(Effects(), "lost(connection lost)");
  EXPECT_EQ(Up(4), "hello");
  EXPECT_EQ(Say(WelcomeOf(2), 4), "established(same)");
}

TEST_F(SessionTest, HeartbeatEveryIntervalWhateverElseIsSaid) {
  Establish();
  for (int at = 5; at <= 30; at += 5) {
    session_.OnHeard(At(at - 1));
    EXPECT_EQ(Time(at - 1), "");
    EXPECT_EQ(Time(at), "heartbeat");
    EXPECT_EQ(DeadlineSeconds(), at + 5);
  }
}

TEST_F(SessionTest, TheBrokersIntervalCounts) {
  Up(0);
  Welcome welcome = WelcomeOf(1);
  welcome.heartbeat_ms = 2'000;
  welcome.missed_heartbeats = 2;
  Say(welcome, 0);
  EXPECT_EQ(Time(2), "heartbeat");
  EXPECT_EQ(Time(4), "lost(broker silent) redial");
}

TEST_F(SessionTest, ThreeMissedHeartbeatsLoseTheSession) {
  Establish();
  EXPECT_EQ(Time(5), "heartbeat");
  EXPECT_EQ(Time(10), "heartbeat");
  EXPECT_EQ(Time(15), "lost(broker silent) redial");
  EXPECT_EQ(session_.state(), State::kDown);
  EXPECT_EQ(Up(16), "hello");
}

TEST_F(SessionTest, ABrokerThatForgotTheSessionIsGreetedOnce) {
  Establish();
  session_.OnWhoAreYou(At(1));
  EXPECT_EQ(Effects(), "lost(broker does not know the session) hello");
  session_.OnWhoAreYou(At(1));
  session_.OnWhoAreYou(At(2));
  EXPECT_EQ(Effects(), "") << "these questions are older than the hello";
  EXPECT_EQ(Say(WelcomeOf(2), 2), "established(new)");
}

TEST_F(SessionTest, UnansweredHellosAreRepeatedThenTheLinkIsMadeAnew) {
  EXPECT_EQ(Up(0), "hello");
  EXPECT_EQ(Time(4), "");
  EXPECT_EQ(Time(5), "hello");
  EXPECT_EQ(Time(10), "hello");
  EXPECT_EQ(Time(15), "redial");
  EXPECT_EQ(DeadlineSeconds(), -1);
  EXPECT_EQ(Up(16), "hello");
  EXPECT_EQ(Time(21), "hello");
}

TEST_F(SessionTest, SupersededIsFinal) {
  Establish();
  EXPECT_EQ(Say(ByeReason::kSuperseded, 1), "ended");
  EXPECT_EQ(DeadlineSeconds(), -1);
  EXPECT_EQ(Up(2), "");
  EXPECT_EQ(Say(WelcomeOf(1), 3), "");
  EXPECT_EQ(Say(ByeReason::kShutdown, 3), "");
  EXPECT_EQ(Time(100), "");
  EXPECT_EQ(session_.state(), State::kEnded);
}

TEST_F(SessionTest, OtherGoodbyesAreFollowedByAPauseThatGrows) {
  Establish();
  std::int64_t at = 1;
  for (const std::int64_t pause : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(Say(ByeReason::kUnauthorised, at), "lost(dismissed by the broker)");
    EXPECT_EQ(session_.state(), State::kDismissed);
    EXPECT_EQ(DeadlineSeconds(), at + pause);
    at += pause;
    EXPECT_EQ(Time(at), "hello");
  }
  EXPECT_EQ(Say(WelcomeOf(1), at), "established(same)");
  EXPECT_EQ(Say(ByeReason::kLost, at), "lost(dismissed by the broker)");
  EXPECT_EQ(DeadlineSeconds(), at + 1) << "a welcome ends the growth";
}

TEST_F(SessionTest, GoodbyeThenLossOfTheLinkIsToldOnce) {
  Establish();
  EXPECT_EQ(Say(ByeReason::kShutdown, 1), "lost(dismissed by the broker)");
  session_.OnLink(LinkEvent::kDown, At(1));
  EXPECT_EQ(Effects(), "");
  EXPECT_EQ(Up(2), "hello");
}

}  // namespace
}  // namespace eris::link
