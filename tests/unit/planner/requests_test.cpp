// Goal: clients are told what is so, in replies of bounded size. Method: requests to a coordinator
// that has deployed the three tiers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/coordinator.h"
#include "planner/reply_parts.h"
#include "schema/codec/codec.h"
#include "tests/unit/planner/planner_world.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing {
namespace {

using ::testing::HasSubstr;

template <typename Body>
const Body* As(const Reply& reply) {
  return std::get_if<Body>(&reply.body);
}

class Requests : public ::testing::Test {
 public:
  Requests() {
    for (const char* name : {"t1", "t2", "t3"}) world.fleet().target(name);
    world.Welcome();
    first = world.Run(Deploy("1"));
  }
  Request About(TransactionId transaction) {
    Request request;
    request.transaction.transaction = transaction;
    request.profile = ProfileName("default");
    return request;
  }
  std::vector<Event> EventsOf(const std::vector<Reply>& replies) {
    std::vector<Event> events;
    for (const Reply& reply : replies) {
      if (const auto* part = As<EventsReply>(reply)) {
        events.insert(events.end(), part->events.begin(), part->events.end());
      }
    }
    return events;
  }

  PlannerWorld world;
  TransactionId first;
};

TEST_F(Requests, StatusOfAnEndedAndOfAnUnknownTransaction) {
  const std::vector<Reply> known = world.Ask(RequestVerb::kStatus, About(first));
  ASSERT_EQ(known.size(), 1U);
  const TransactionStatus& status = As<StatusReply>(known[0])->transactions.at(0);
  EXPECT_EQ(status.result, TransactionResult::kCommitted);
  EXPECT_EQ(status.action, "deploy");
  EXPECT_EQ(status.generation, GenerationNumber{1});
  const std::vector<Reply> unknown = world.Ask(RequestVerb::kStatus, About({99}));
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(As<ErrorReply>(unknown[0])->error.code, ErrorCode::kNotFound);
}

// Ten transactions that take ten thousand services down each.
TEST(FittingParts, OfALongAnswerFitIntoAMessageEachAndSayThatMoreFollows) {
  constexpr std::size_t kTransactions = 10;
  constexpr std::size_t kServices = 10'000;
  StatusReply answer;
  for (std::size_t i = 1; i <= kTransactions; ++i) {
    TransactionStatus& status = answer.transactions.emplace_back();
    status.transaction = {i};
    status.summary.down.assign(kServices, ServiceName("a-service-of-many"));
  }
  const std::vector<Reply> parts = FittingParts({More::kLast, answer});
  ASSERT_GT(parts.size(), 1U);
  std::vector<TransactionStatus> all;
  for (const Reply& part : parts) {
    EXPECT_LE(Encode(part).size(), limits::kBodyBytes);
    EXPECT_EQ(part.more, &part == &parts.back() ? More::kLast : More::kMoreFollows);
    const auto* body = As<StatusReply>(part);
    all.insert(all.end(), body->transactions.begin(), body->transactions.end());
  }
  EXPECT_EQ(all, answer.transactions);
  EXPECT_EQ(FittingParts({More::kMoreFollows, DoneReply{}}).size(), 1U);
}

TEST_F(Requests, AWatchReplaysAndFollowsToTheEnd) {
  world.SubmitAs("up", Deploy("2"));
  world.Turn();
  const TransactionId second{first.value + 1};
  (void)world.Ask(RequestVerb::kWatch, About(second), 7);
  world.Settle();
  const std::vector<Reply> replies = world.RepliesTo(7);
  ASSERT_FALSE(replies.empty());
  EXPECT_NE(As<OutlineReply>(replies.front()), nullptr) << "the outline comes first";
  EXPECT_EQ(replies.back().more, More::kLast);
  const std::vector<Event> events = EventsOf(replies);
  std::size_t recorded = 0;
  for (const Event& event : world.journal().events()) {
    if (event.transaction != second) continue;
    ASSERT_LT(recorded, events.size());
    EXPECT_EQ(events[recorded].sequence, event.sequence);
    EXPECT_EQ(events[recorded].body.index(), event.body.index());
    ++recorded;
  }
  EXPECT_EQ(recorded, events.size());
  for (const Event& event : events) {
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      EXPECT_TRUE(planned->plan.items.empty()) << "in light form";
      EXPECT_TRUE(planned->next.mappings.empty());
    }
  }
}

TEST_F(Requests, AWatchFromALaterEventOfEverything) {
  Request request;
  request.from = {world.journal().events().size() + 1};
  (void)world.Ask(RequestVerb::kWatch, request, 7);
  (void)world.Run(Deploy("2"));
  const std::vector<Event> events = EventsOf(world.RepliesTo(7));
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().sequence, request.from);
  EXPECT_EQ(events.back().sequence.value, world.journal().events().size());
  EXPECT_EQ(world.RepliesTo(7).back().more, More::kMoreFollows) << "it goes on for ever";
}

TEST_F(Requests, AWatcherThatIsTooSlowIsForgotten) {
  (void)world.Ask(RequestVerb::kWatch, Request{}, 7);
  const std::size_t before = world.RepliesTo(7).size();
  world.coordinator().OnReplyRefused({5});
  (void)world.Run(Deploy("2"));
  EXPECT_EQ(world.RepliesTo(7).size(), before);
}

TEST_F(Requests, HistoryGivesTheNewestEventsAndPagesByTheirNumbers) {
  const auto ask = [this](std::uint64_t from, std::uint32_t limit) {
    Request request;
    request.from = {from};
    request.limit = limit;
    std::vector<std::uint64_t> numbers;
    for (const Reply& reply : world.Ask(RequestVerb::kHistory, request)) {
      for (const Event& event : As<EventsReply>(reply)->events) {
        numbers.push_back(event.sequence.value);
      }
    }
    return numbers;
  };
  const std::uint64_t last = world.journal().events().size();
  ASSERT_GT(last, 5U);
  EXPECT_EQ(ask(0, 3), (std::vector{last - 2, last - 1, last}));
  EXPECT_EQ(ask(2, 3), (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(ask(last, 3), (std::vector{last}));
  EXPECT_TRUE(ask(last + 1, 3).empty());
}

TEST_F(Requests, LogsNameTheItemOfEachOutcome) {
  std::size_t settled = world.Recorded<ItemSettled>(first).size();
  std::size_t entries = 0;
  for (const Reply& reply : world.Ask(RequestVerb::kLogs, About(first))) {
    const auto* logs = As<LogsReply>(reply);
    ASSERT_NE(logs, nullptr);
    entries += logs->entries.size();
    for (const LogEntry& entry : logs->entries) EXPECT_FALSE(entry.item.verb.empty());
  }
  EXPECT_EQ(entries, settled);
}

TEST_F(Requests, AManifestComesBackAsItWas) {
  std::string bytes;
  for (const Reply& reply : world.Ask(RequestVerb::kGetManifest, About({}))) {
    const auto* part = As<ManifestReply>(reply);
    ASSERT_NE(part, nullptr);
    EXPECT_EQ(part->generation, GenerationNumber{1});
    EXPECT_EQ(part->offset, bytes.size());
    bytes += part->bytes;
  }
  const Result<Manifest> manifest = Decode<Manifest>(bytes);
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(*manifest, ThreeTiers("1"));
}

TEST_F(Requests, GenerationsAndTargets) {
  (void)world.Run(Deploy("2"));
  const std::vector<Reply> replies = world.Ask(RequestVerb::kGenerations, About({}));
  const auto& generations = As<GenerationsReply>(replies.at(0))->generations;
  ASSERT_EQ(generations.size(), 2U);
  EXPECT_EQ(generations[1].standing, GenerationInfo::Standing::kCurrent);
  EXPECT_EQ(generations[1].author, "alice");
  const std::vector<Reply> targets = world.Ask(RequestVerb::kTargets, Request{});
  EXPECT_EQ(As<TargetsReply>(targets.at(0))->targets.size(), 4U);
}

TEST_F(Requests, WhatHasEndedCanNotBeCancelledNorAbandoned) {
  const std::vector<Reply> cancel = world.Ask(RequestVerb::kCancel, About(first));
  EXPECT_THAT(As<ErrorReply>(cancel.at(0))->error.message, HasSubstr("has ended already"));
  const std::vector<Reply> abandon = world.Ask(RequestVerb::kAbandon, About(first));
  EXPECT_THAT(As<ErrorReply>(abandon.at(0))->error.message, HasSubstr("nothing left to do"));
}

}  // namespace
}  // namespace eris::planner::testing
