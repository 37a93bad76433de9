// Goal: what one process writes the other reads, and damage is seen. Method: round trips with
// awkward bytes, every prefix of an encoding, requests that break each rule.
#include "dysnomia/internal/attempt_format.h"

#include <gtest/gtest.h>

namespace eris::dysnomia {
namespace {

AttemptRequest SampleRequest() {
  AttemptRequest request;
  request.state_dir = "/var/lib/state";
  request.secrets_dir = "/etc/secrets";
  request.time_limit = Duration(1234);
  ActivityRequest activity;
  activity.module = "process";
  activity.component = "/store/abc-name";
  activity.container = "process";
  activity.properties["plain"] = "two\nlines end 0:\n";
  activity.properties["empty"] = "";
  activity.properties["password"] = SecretName{"db/password"};
  request.activities = {activity, activity};
  request.activities[1].kind = ActivityKind::kDeleteState;
  return request;
}

TEST(AttemptFormat, RequestsComeBackEqual) {
  const auto read = DecodeRequest(EncodeRequest(SampleRequest()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, SampleRequest());
}

TEST(AttemptFormat, OutcomesComeBackEqual) {
  NamedOutcome named{.attempt = "3-1-f1", .outcome = {}};
  AttemptOutcome& outcome = named.outcome;
  outcome.activities.resize(2);
  outcome.activities[0].result = ActivityResult::kUnimplemented;
  outcome.activities[1].result = ActivityResult::kTimedOut;
  outcome.activities[1].exit_status = 137;
  outcome.activities[1].status = ComponentStatus::kInactive;
  outcome.activities[1].message = "took too long";
  outcome.activities[1].tail = std::string("a\0b\nresult 3:xyz\n", 17);
  const auto read = DecodeOutcome(EncodeOutcome(named));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->attempt, named.attempt);
  EXPECT_EQ(read->outcome, outcome);
}

TEST(AttemptFormat, EveryCutIsSeen) {
  const std::string whole = EncodeRequest(SampleRequest());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeRequest(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(DecodeRequest(whole + "x"));
  EXPECT_FALSE(DecodeOutcome(whole));
}

TEST(AttemptFormat, RefusesRequestsThatBreakARule) {
  const auto refused = [](auto change) {
    AttemptRequest request = SampleRequest();
    change(request);
    return !CheckRequest(request).has_value();
  };
  EXPECT_FALSE(refused([](AttemptRequest&) {}));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities.clear(); }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities.resize(kMaxActivities + 1); }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.state_dir = "state"; }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities[0].component = "name"; }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities[0].module = ""; }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities[0].kind = ActivityKind::kShell; }));
  EXPECT_TRUE(refused([](AttemptRequest& r) { r.activities[0].properties["a=b"] = "c"; }));
  for (const std::string name : {"", "../x", "a/../b", "/etc/x", ".x", "a//b", "a b", "a/"}) {
    EXPECT_TRUE(refused([&](AttemptRequest& r) {
      r.activities[0].properties["p"] = SecretName{name};
    })) << name;
  }
}

}  // namespace
}  // namespace eris::dysnomia
