// Goal: `why` tells what something waits for or why it failed, as a chain with times. Method:
// events of made-up transactions.
#include "planner/cli/why.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eris::cli::why_test {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kNoon = 1'800'000'000'000;
constexpr std::int64_t kSecond = 1'000;

class Why : public ::testing::Test {
 protected:
  Why() {
    facts_.now = {kNoon + 60 * kSecond};
    facts_.status.transaction = {7};
    facts_.items = {{.index = {0}, .queue = "target.a", .subject = "activate db in process"},
                    {.index = {1}, .queue = "target.b", .subject = "activate api in process"},
                    {.index = {2}, .queue = "target.b", .subject = "activate web in process"}};
    facts_.targets = {{.queue = "target.a", .state = Presence::State::kConnected},
                      {.queue = "target.b", .since = {kNoon}}};
    At(0, SubmissionAccepted{{.author = "alice"}});
    At(1, PhaseEntered{TransactionPhase::kSwitching, ""});
    At(2, ItemsPublished{{Item(0)}});
  }
  static PublishedItem Item(std::uint32_t index, std::uint16_t attempt = 1) {
    return {{index}, {Direction::kForward, attempt}};
  }
  void At(std::int64_t second, EventBody body) {
    facts_.events.push_back({.sequence = {facts_.events.size() + 1},
                             .at = {kNoon + second * kSecond},
                             .transaction = {7},
                             .body = std::move(body)});
  }

  WhyFacts facts_;
};

TEST_F(Why, AnOpenOneTellsWhatIsUnderWayAndWhoIsAbsent) {
  At(3, ItemSettled{Item(0), {.verdict = Verdict::kSucceeded}});
  At(4, ItemsPublished{{Item(1)}});
  facts_.status.waiting_for = {"target.b, absent for 60 s"};
  EXPECT_THAT(
      WhyChain(facts_, {}),
      ElementsAre("2027-01-15 08:00:00Z  submitted by alice", "2027-01-15 08:00:01Z  switching",
                  "now waiting for target.b, absent for 60 s",
                  "2027-01-15 08:00:04Z  step 1 activate api in process on target.b: "
                  "under way for 56.0 s",
                  "  target.b has no worker since 2027-01-15 08:00:00Z"));
}

TEST_F(Why, AFailedOneTellsTheFirstCauseAndWhatBecameOfTheTargets) {
  At(3, ItemSettled{Item(0), {.verdict = Verdict::kFailed, .message = "exit status 1"}});
  At(4, PhaseEntered{TransactionPhase::kRollingBack, "step 0 failed"});
  At(5, TargetVerified{TargetName("a"), TargetVerified::Verdict::kVerified, {}});
  At(5, TargetVerified{TargetName("b"), TargetVerified::Verdict::kDiffers, {"api is gone"}});
  At(6, TransactionEnded{TransactionResult::kRolledBack, "no"});
  facts_.status.result = TransactionResult::kRolledBack;
  EXPECT_THAT(
      WhyChain(facts_, {}),
      ElementsAre("2027-01-15 08:00:00Z  submitted by alice", "2027-01-15 08:00:01Z  switching",
                  "2027-01-15 08:00:03Z  step 0 activate db in process on target.a: failed: exit "
                  "status 1",
                  "2027-01-15 08:00:04Z  rolling back, because: step 0 failed",
                  "2027-01-15 08:00:05Z  b differs from what it ran before; api is gone",
                  "2027-01-15 08:00:06Z  ended: rolled back: no"));
}

TEST_F(Why, AServiceTellsItsOwnStepsAndWhatRunsBeforeThem) {
  const std::vector<std::string> chain = WhyChain(facts_, {.name = "web"});
  EXPECT_THAT(chain, ::testing::Contains("step 2 activate web in process on target.b: not begun"));
  EXPECT_THAT(chain, ::testing::Contains(::testing::HasSubstr("step 0 activate db in process")));
  EXPECT_THAT(chain, ::testing::Not(::testing::Contains(::testing::HasSubstr("activate api"))));
}

TEST_F(Why, ALateWordOnAnEarlierTrySettlesNothing) {
  At(3, ItemsPublished{{Item(0, 2)}});
  At(4, ItemSettled{Item(0, 1), {.verdict = Verdict::kUnknown}});
  EXPECT_THAT(WhyChain(facts_, {.name = {}, .item = ItemIndex{0}}),
              ::testing::Contains(::testing::HasSubstr("attempt 2: under way")));
}

TEST(WhyNames, AServiceATargetAndAnItemAreTold) {
  const ItemOutline item{
      .index = {4}, .queue = "target.test1", .subject = "activate api in process"};
  EXPECT_TRUE(Concerns(item, {.name = "api"}));
  EXPECT_TRUE(Concerns(item, {.name = "test1"}));
  EXPECT_TRUE(Concerns(item, {.name = {}, .item = ItemIndex{4}}));
  EXPECT_FALSE(Concerns(item, {.name = "ap"}));
  EXPECT_FALSE(Concerns(item, {.name = {}, .item = ItemIndex{5}}));
}

TEST(WhyNames, TheTransactionThatIsInTheWay) {
  TransactionStatus status;
  EXPECT_FALSE(TransactionAhead(status));
  status.waiting_for = {"the broker", "target a, which transaction 12 holds"};
  EXPECT_EQ(TransactionAhead(status), TransactionId{12});
}

}  // namespace
}  // namespace eris::cli::why_test
