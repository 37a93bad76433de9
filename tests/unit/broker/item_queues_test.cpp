// Goal: the rules of queues, leases, credit and dedupe (design D1-D4, D7). Method: small tables of
// operations on the data structure alone.
#include "broker/item_queues.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

constexpr SessionId kFirst{1};
constexpr SessionId kSecond{2};
const std::string kQueue = "target.a";
const std::string kBuilders = "builder.x86_64-linux";

ItemId Id(std::uint32_t index, std::uint16_t attempt = 1,
          Direction direction = Direction::kForward) {
  return {.step = {.journal = {9}, .transaction = {1}, .index = {index}},
          .grade = {.direction = direction, .attempt = attempt}};
}

QueuedItem Item(ItemId id, const std::string& queue = kQueue) {
  return {.id = id, .epoch = {5}, .body_hash = 7, .queue = queue, .body = "body"};
}

std::vector<ItemId> Ids(const std::vector<Delivery>& deliveries) {
  std::vector<ItemId> ids;
  ids.reserve(deliveries.size());
  for (const Delivery& delivery : deliveries) ids.push_back(delivery.item->id);
  return ids;
}

// Queues with one worker that takes `credit` items.
ItemQueues WithWorker(std::uint32_t credit, QueueLimits limits = {}) {
  ItemQueues queues(limits);
  queues.Join(kQueue, kFirst);
  queues.SetCredit(kQueue, kFirst, credit);
  return queues;
}

TEST(ItemQueues, DeliversInOrderOfPublishingUpToTheCredit) {
  ItemQueues queues = WithWorker(2);
  for (const std::uint32_t index : {3U, 1U, 2U}) queues.Publish(Item(Id(index)));
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), (std::vector{Id(3), Id(1)}));
  EXPECT_TRUE(queues.Dispatch(kQueue).empty());
  EXPECT_TRUE(queues.Report(Id(3), {kQueue}));
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), std::vector{Id(2)});
}

TEST(ItemQueues, CreditIsAbsolute) {
  ItemQueues queues = WithWorker(1);
  for (std::uint32_t index = 0; index < 5; ++index) queues.Publish(Item(Id(index)));
  EXPECT_EQ(queues.Dispatch(kQueue).size(), 1U);
  queues.SetCredit(kQueue, kFirst, 2);
  queues.SetCredit(kQueue, kFirst, 2);
  EXPECT_EQ(queues.Dispatch(kQueue).size(), 1U);
  queues.SetCredit(kQueue, kFirst, 0);
  queues.Report(Id(0), {kQueue});
  EXPECT_TRUE(queues.Dispatch(kQueue).empty());
}

TEST(ItemQueues, SharesEvenlyAmongBuilders) {
  ItemQueues queues{QueueLimits{}};
  for (const SessionId session : {kFirst, kSecond}) {
    queues.Join(kBuilders, session);
    queues.SetCredit(kBuilders, session, 10);
  }
  for (std::uint32_t index = 0; index < 6; ++index) queues.Publish(Item(Id(index), kBuilders));
  int of_first = 0;
  for (const Delivery& delivery : queues.Dispatch(kBuilders))
    of_first += delivery.session == kFirst;
  EXPECT_EQ(of_first, 3);
}

TEST(ItemQueues, DropsDuplicatesAndRefusesOtherBodies) {
  ItemQueues queues = WithWorker(0);
  EXPECT_EQ(queues.Publish(Item(Id(1))), PublishResult::kQueued);
  EXPECT_EQ(queues.Publish(Item(Id(1))), PublishResult::kDuplicate);
  QueuedItem other = Item(Id(1));
  other.body_hash = 8;
  EXPECT_EQ(queues.Publish(other), PublishResult::kOtherBody);
  EXPECT_EQ(queues.Publish(Item(Id(1), "target.b")), PublishResult::kOtherBody);
  EXPECT_EQ(queues.waiting(kQueue), 1U);
}

TEST(ItemQueues, HigherGradeReplacesQueuedLowerOne) {
  ItemQueues queues = WithWorker(10);
  const ItemId inverse = Id(1, 1, Direction::kInverse);
  queues.Publish(Item(Id(1, 1)));
  queues.Publish(Item(Id(1, 2)));
  queues.Publish(Item(inverse));
  EXPECT_EQ(queues.Publish(Item(Id(1, 3))), PublishResult::kDuplicate);
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), std::vector{inverse});
}

TEST(ItemQueues, HigherGradeFollowsALeasedLowerOne) {
  ItemQueues queues = WithWorker(10);
  queues.Publish(Item(Id(1, 1)));
  queues.Dispatch(kQueue);
  queues.Publish(Item(Id(1, 2)));
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), std::vector{Id(1, 2)});
  // When the session is lost only the higher one comes back.
  queues.Leave(kFirst);
  EXPECT_EQ(queues.waiting(kQueue), 1U);
  EXPECT_EQ(queues.known(), 1U);
}

TEST(ItemQueues, LostSessionsItemsAreQueuedAgainInTheirOldOrder) {
  ItemQueues queues = WithWorker(2);
  for (std::uint32_t index = 0; index < 4; ++index) queues.Publish(Item(Id(index)));
  queues.Dispatch(kQueue);
  queues.Leave(kFirst);
  EXPECT_EQ(queues.waiting(kQueue), 4U);
  queues.Join(kQueue, kSecond);
  queues.SetCredit(kQueue, kSecond, 10);
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), (std::vector{Id(0), Id(1), Id(2), Id(3)}));
}

TEST(ItemQueues, HeirKeepsWhatItHasInHand) {
  ItemQueues queues = WithWorker(3);
  for (std::uint32_t index = 0; index < 3; ++index) queues.Publish(Item(Id(index)));
  queues.Dispatch(kQueue);
  queues.Join(kQueue, kSecond);
  queues.SetCredit(kQueue, kSecond, 3);
  queues.Inherit(kFirst, kSecond, {Id(1), Id(77)});
  EXPECT_EQ(queues.Servers(kQueue), std::vector{kSecond});
  EXPECT_EQ(Ids(queues.Dispatch(kQueue)), (std::vector{Id(0), Id(2)}));
}

TEST(ItemQueues, OutcomesOfAnotherQueueAreNotBelieved) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1), "target.b"));
  EXPECT_FALSE(queues.Report(Id(1), {kQueue}));
  EXPECT_EQ(queues.waiting("target.b"), 1U);
  EXPECT_TRUE(queues.Report(Id(2), {kQueue})) << "an unknown one may be the planner's";
}

TEST(ItemQueues, OutcomeOfAQueuedItemTakesItFromTheQueue) {
  ItemQueues queues = WithWorker(0);
  queues.Publish(Item(Id(1)));
  queues.Report(Id(1), {kQueue});
  EXPECT_EQ(queues.waiting(kQueue), 0U);
}

TEST(ItemQueues, RepublishedReportIsDeliveredAgain) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Dispatch(kQueue);
  queues.Report(Id(1), {kQueue});
  QueuedItem again = Item(Id(1));
  again.epoch = {6};
  EXPECT_EQ(queues.Publish(again), PublishResult::kDuplicate);
  const std::vector<Delivery> deliveries = queues.Dispatch(kQueue);
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].item->epoch, Epoch{6});
}

TEST(ItemQueues, SettledItemsAreForgotten) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Dispatch(kQueue);
  queues.Settle(Id(1));
  queues.Settle(Id(1));
  EXPECT_EQ(queues.known(), 0U);
  EXPECT_EQ(queues.Publish(Item(Id(2))), PublishResult::kQueued);
  EXPECT_EQ(queues.Dispatch(kQueue).size(), 1U) << "the lease went with the item";
}

TEST(ItemQueues, RevokeWithdrawsQueuedAndNamesTheHolderOfLeased) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Publish(Item(Id(2)));
  queues.Dispatch(kQueue);
  EXPECT_EQ(queues.Revoke(Id(1)), kFirst);
  EXPECT_EQ(queues.Revoke(Id(2)), SessionId{});
  EXPECT_EQ(queues.Revoke(Id(3)), SessionId{});
  EXPECT_EQ(queues.waiting(kQueue), 0U);
}

TEST(ItemQueues, FenceDropsQueuedItemsOfOlderEpochs) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Publish(Item(Id(2)));
  queues.Dispatch(kQueue);
  queues.Fence({6});
  EXPECT_EQ(queues.waiting(kQueue), 0U);
  EXPECT_EQ(queues.known(), 1U) << "what a worker holds goes on";
  queues.Leave(kFirst);
  EXPECT_EQ(queues.known(), 0U) << "but is not queued again";
}

TEST(ItemQueues, RepublishedInTheNewEpochOutlivesItsSession) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Dispatch(kQueue);
  queues.Fence({6});
  QueuedItem again = Item(Id(1));
  again.epoch = {6};
  again.body = "another deadline";
  EXPECT_EQ(queues.Publish(again), PublishResult::kDuplicate);
  EXPECT_TRUE(queues.Dispatch(kQueue).empty()) << "the worker has it";
  queues.Leave(kFirst);
  EXPECT_EQ(queues.waiting(kQueue), 1U);
}

TEST(ItemQueues, ClearForgetsItemsAndKeepsWorkers) {
  ItemQueues queues = WithWorker(1);
  queues.Publish(Item(Id(1)));
  queues.Publish(Item(Id(2)));
  queues.Dispatch(kQueue);
  queues.Clear();
  EXPECT_EQ(queues.known(), 0U);
  queues.Publish(Item(Id(3)));
  EXPECT_EQ(queues.Dispatch(kQueue).size(), 1U);
}

TEST(ItemQueues, EveryBoundAnswersBusy) {
  ItemQueues few({.items_per_queue = 1});
  EXPECT_EQ(few.Publish(Item(Id(1))), PublishResult::kQueued);
  EXPECT_EQ(few.Publish(Item(Id(2))), PublishResult::kBusy);
  EXPECT_EQ(few.Publish(Item(Id(2), "target.b")), PublishResult::kQueued);

  ItemQueues small({.bytes_per_queue = 7});
  small.Publish(Item(Id(1)));
  EXPECT_EQ(small.Publish(Item(Id(2))), PublishResult::kBusy);

  ItemQueues all({.bytes_of_all = 7});
  all.Publish(Item(Id(1)));
  EXPECT_EQ(all.Publish(Item(Id(2), "target.b")), PublishResult::kBusy);

  ItemQueues names({.queues = 1});
  names.Publish(Item(Id(1)));
  EXPECT_EQ(names.Publish(Item(Id(2), "target.b")), PublishResult::kBusy);
}

TEST(ItemQueues, BoundsTheBytesThatASessionHolds) {
  ItemQueues queues = WithWorker(10, {.leased_bytes = 9});
  for (std::uint32_t index = 0; index < 3; ++index) queues.Publish(Item(Id(index)));
  EXPECT_EQ(queues.Dispatch(kQueue).size(), 2U);
  QueuedItem large = Item(Id(9));
  large.body = std::string(100, 'x');
  ItemQueues other = WithWorker(10, {.leased_bytes = 9});
  other.Publish(large);
  EXPECT_EQ(other.Dispatch(kQueue).size(), 1U) << "at least one is leased";
}

}  // namespace
}  // namespace eris
