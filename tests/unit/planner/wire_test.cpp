// Goal: what the coordinator decides and hears survives the wire. Method: effects as messages and
// messages as inputs, with submissions cut into chunks, whole and damaged.
#include "planner/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/memory_journal.h"
#include "schema/base/digest.h"
#include "schema/codec/codec.h"
#include "tests/unit/planner/scenario.h"

namespace eris::planner::testing {
namespace {

using ::testing::HasSubstr;

class Wire : public ::testing::Test {
 public:
  Wire() {
    submission.id = SubmissionId("s1");
    submission.profile = ProfileName("default");
    submission.action = Deploy("1");
    bytes = Encode(submission);
  }
  Message Chunk(std::size_t offset, std::size_t size) {
    const SubmitChunk chunk{.id = submission.id,
                            .total_bytes = bytes.size(),
                            .sha256 = sha256.empty() ? Hex(Sha256(bytes)) : sha256,
                            .offset = offset,
                            .bytes = bytes.substr(offset, size)};
    Message message;
    message.header.kind = MessageKind::kSubmitChunk;
    message.header.author = "alice";
    message.header.targets = targets;
    message.body = Encode(chunk);
    return message;
  }
  std::optional<SubmissionTaken> Taken() {
    for (const Effect& effect : coordinator.decisions().effects) {
      if (const auto* confirm = std::get_if<ConfirmSubmission>(&effect)) return confirm->taken;
    }
    return std::nullopt;
  }

  Now now{{1}, {1}};
  MemoryJournal journal{JournalId{7}};
  Coordinator coordinator = Coordinator::Recover({}, journal, now).value();
  Intake intake{coordinator};
  Submission submission;
  std::string bytes;
  std::string sha256;
  std::vector<std::string> targets{"*"};
};

TEST_F(Wire, ASubmissionInChunksIsAcceptedWithTheAuthorTheBrokerNames) {
  const std::size_t half = bytes.size() / 2;
  EXPECT_TRUE(intake.OnMessage(Chunk(0, half), now));
  EXPECT_FALSE(Taken());
  EXPECT_TRUE(intake.OnMessage(Chunk(half, bytes.size()), now));
  ASSERT_TRUE(Taken());
  EXPECT_EQ(Taken()->transaction, TransactionId{1});
  EXPECT_EQ(coordinator.transactions().at({1})->submission().author, "alice");
}

TEST_F(Wire, AGapIsRefusedAndABeginningBeginsAnew) {
  const std::size_t half = bytes.size() / 2;
  EXPECT_TRUE(intake.OnMessage(Chunk(0, 10), now));
  EXPECT_FALSE(intake.OnMessage(Chunk(half, 10), now));
  EXPECT_TRUE(intake.OnMessage(Chunk(0, bytes.size()), now));
  EXPECT_TRUE(Taken());
}

TEST_F(Wire, WhatConcernsTargetsThatTheKeyDoesNotCoverIsRefused) {
  targets = {"elsewhere"};
  EXPECT_FALSE(intake.OnMessage(Chunk(0, bytes.size()), now));
  ASSERT_TRUE(Taken());
  EXPECT_THAT(Taken()->refused, HasSubstr("key 'alice' may not act on target"));
}

TEST_F(Wire, AnotherHashIsRefused) {
  sha256 = Hex(Sha256("something else"));
  EXPECT_FALSE(intake.OnMessage(Chunk(0, bytes.size()), now));
  EXPECT_FALSE(Taken());
}

TEST_F(Wire, WhatCanNotBeReadIsRefusedForGood) {
  bytes = "no submission at all";
  EXPECT_FALSE(intake.OnMessage(Chunk(0, bytes.size()), now));
  ASSERT_TRUE(Taken());
  EXPECT_THAT(Taken()->refused, HasSubstr("can not be read"));
}

TEST_F(Wire, APublishedItemIsReadBackByTheWorkersCodec) {
  const PublishItem publish{.queue = "target.t1",
                            .item = {.id = {{JournalId{7}, {3}, {4}}, {Direction::kInverse, 2}},
                                     .epoch = {5},
                                     .low_water = {2},
                                     .deadline_ms = 1000,
                                     .body_hash = 0,
                                     .body = QueryItem{ProfileName("default")}}};
  const std::optional<Message> message = ToMessage(publish);
  ASSERT_TRUE(message);
  const Result<WorkItem> item = DecodeWorkItem(*message);
  ASSERT_TRUE(item.has_value()) << item.error().message;
  EXPECT_EQ(item->id, publish.item.id);
  EXPECT_EQ(item->epoch, publish.item.epoch);
  EXPECT_EQ(item->low_water, publish.item.low_water);
  EXPECT_EQ(item->body, publish.item.body);
}

TEST_F(Wire, AnItemThatTheBrokerRefusesIsAnAttemptThatDidNothing) {
  eris::Welcome welcome;
  coordinator.OnWelcome(welcome, now);
  coordinator.OnPresence({.queue = "builder.x86_64-linux",
                          .state = Presence::State::kConnected,
                          .worker = {},
                          .software = {}},
                         now);
  EXPECT_TRUE(intake.OnMessage(Chunk(0, bytes.size()), now));
  coordinator.Advance(now);
  const PublishItem* published = nullptr;
  for (const Effect& effect : coordinator.decisions().effects) {
    if (published == nullptr) published = std::get_if<PublishItem>(&effect);
  }
  ASSERT_NE(published, nullptr);
  const ItemId id = published->item.id;
  Message message;
  message.header.kind = MessageKind::kFault;
  message.header.item = id;
  message.body = Encode(Fault{.code = Fault::Code::kInvalid,
                              .of = MessageKind::kPublish,
                              .message = "too large",
                              .retry_after_ms = 0});
  EXPECT_FALSE(intake.OnMessage(message, now)) << "it is logged";
  const auto& settled = std::get<ItemSettled>(coordinator.decisions().records.back().body);
  EXPECT_EQ(settled.outcome.verdict, Verdict::kUnavailable);
  EXPECT_THAT(settled.outcome.message, HasSubstr("too large"));
}

TEST_F(Wire, ForeignMessagesAreRefused) {
  Message message;
  message.header.kind = MessageKind::kDeliver;
  EXPECT_FALSE(intake.OnMessage(message, now));
  message.header.kind = MessageKind::kOutcome;
  message.body = "garbage";
  EXPECT_FALSE(intake.OnMessage(message, now));
}

}  // namespace
}  // namespace eris::planner::testing
