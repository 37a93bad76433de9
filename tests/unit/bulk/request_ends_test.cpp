// Goal: neither end of a request sends or takes what the protocol does not allow, and shared reads
// read once. Method: the pure ends, fed message by message.
#include <gtest/gtest.h>

#include "broker/bulk/chunk.h"
#include "broker/bulk/read_pool.h"
#include "broker/bulk/receiver.h"
#include "broker/bulk/sender.h"

namespace eris::bulk {
namespace {

ObjectInfo Object(const std::string& name, std::uint64_t chunks) {
  return {.name = name, .bytes = chunks * limits::kBulkChunkBytes, .sha256 = std::string(32, 'h')};
}
BulkChunk ChunkOf(std::uint32_t object, std::uint32_t number, bool end) {
  return {.object = object,
          .number = number,
          .raw_bytes = limits::kBulkChunkBytes,
          .encoding = BulkChunk::Encoding::kZstd,
          .end = end};
}
SharedChunk Shared(std::uint32_t number, bool end) {
  return std::make_shared<const Chunk>(Chunk{ChunkOf(0, number, end), "bytes"});
}
template <typename Effect>
std::size_t Count(const std::vector<ReadEffect>& effects) {
  return static_cast<std::size_t>(
      std::count_if(effects.begin(), effects.end(),
                    [](const auto& one) { return std::holds_alternative<Effect>(one); }));
}

// A receiver that has been granted and listed two objects of two chunks, and wants both.
Receiver Listed() {
  Receiver receiver(ObjectKind::kStorePath);
  EXPECT_TRUE(receiver.TakeCredit());
  EXPECT_TRUE(receiver.OnList({.objects = {Object("a", 2), Object("b", 2)}}));
  receiver.OnTaken();
  receiver.Want({0, 1});
  return receiver;
}

TEST(Receiver, TakesChunksInOrderOnly) {
  Receiver receiver = Listed();
  EXPECT_FALSE(Listed().OnChunk(ChunkOf(1, 0, false))) << "another object is due";
  EXPECT_FALSE(Listed().OnChunk(ChunkOf(0, 1, false))) << "not the first chunk";
  ASSERT_TRUE(receiver.OnChunk(ChunkOf(0, 0, false)));
  EXPECT_TRUE(receiver.OnChunk(ChunkOf(0, 1, true))->ends);
  EXPECT_TRUE(receiver.OnChunk(ChunkOf(1, 0, false))->begins);
}

TEST(Receiver, TakesNoMoreThanWasAnnounced) {
  Receiver receiver = Listed();
  ASSERT_TRUE(receiver.OnChunk(ChunkOf(0, 0, false)));
  ASSERT_TRUE(receiver.OnChunk(ChunkOf(0, 1, false)));
  EXPECT_FALSE(receiver.OnChunk(ChunkOf(0, 2, true)));
  BulkChunk shorter = ChunkOf(0, 0, false);
  shorter.raw_bytes = 1;
  EXPECT_FALSE(Listed().OnChunk(shorter));
}

TEST(Receiver, TakesNoMoreThanItGranted) {
  Receiver receiver(ObjectKind::kStorePath);
  EXPECT_FALSE(receiver.OnList({})) << "nothing was granted";
  Receiver another(ObjectKind::kStorePath);
  EXPECT_EQ(another.TakeCredit()->messages, limits::kBulkWindow);
  for (std::uint32_t i = 0; i < limits::kBulkWindow; ++i) {
    ASSERT_TRUE(another.OnList({.objects = {}, .more = true}));
  }
  EXPECT_FALSE(another.OnList({.objects = {}, .more = true}));
}

TEST(Receiver, TakesObjectsOfItsKindOnly) {
  Receiver receiver(ObjectKind::kSnapshot);
  EXPECT_TRUE(receiver.TakeCredit());
  EXPECT_FALSE(receiver.OnList({.objects = {Object("a", 1)}}));
}

TEST(Sender, SendsWhatIsGrantedAndWanted) {
  Sender sender;
  sender.Offer({Object("a", 1), Object("b", 1)});
  EXPECT_FALSE(sender.NextList()) << "nothing was granted";
  sender.OnCredit({2});
  EXPECT_FALSE(sender.NextList()->more);
  EXPECT_FALSE(sender.NextChunk()) << "nothing is wanted";
  ASSERT_TRUE(sender.OnWant({.objects = {1}}));
  ASSERT_EQ(sender.NextChunk()->object, 1U);
  sender.OnSent(ChunkOf(1, 0, true));
  EXPECT_FALSE(sender.NextChunk());
  EXPECT_FALSE(sender.complete());
  ASSERT_TRUE(sender.OnStored({1}));
  EXPECT_TRUE(sender.complete());
  EXPECT_FALSE(sender.OnStored({1})) << "once only";
}

TEST(Sender, RefusesNonsense) {
  Sender sender;
  sender.Offer({Object("a", 1), Object("b", 1)});
  EXPECT_FALSE(sender.OnWant({.objects = {0}})) << "before the list";
  sender.OnCredit({1'000'000});
  EXPECT_TRUE(sender.NextList());
  for (const auto& wanted : std::vector<std::vector<std::uint32_t>>{{2}, {1, 0}, {0, 0}}) {
    Sender copy = sender;
    EXPECT_FALSE(copy.OnWant({.objects = wanted}));
  }
}

TEST(ReadPool, ReadsOnceForAll) {
  ReadPool pool;
  const ObjectInfo object = Object("a", 2);
  for (std::uint64_t i = 1; i <= 8; ++i) {
    EXPECT_EQ(pool.Get(ReceiverId{i}, object, 0), nullptr);
  }
  EXPECT_EQ(Count<StartRead>(pool.TakeEffects()), 1U);
  EXPECT_EQ(pool.OnChunk(ReadId{1}, Shared(0, false)).size(), 8U);
  pool.OnChunk(ReadId{1}, Shared(1, true));
  for (std::uint64_t i = 1; i <= 8; ++i) {
    EXPECT_NE(pool.Get(ReceiverId{i}, object, 0), nullptr);
    EXPECT_TRUE(pool.Get(ReceiverId{i}, object, 1)->header.end);
  }
  // Whoever is a moment late has it, too.
  EXPECT_NE(pool.Get(ReceiverId{9}, object, 0), nullptr);
  EXPECT_EQ(pool.started(), 1U);
}

TEST(ReadPool, LetsTheSlowGoOnAlone) {
  constexpr std::uint32_t kChunks = 64;
  ReadPool pool;
  const ObjectInfo object = Object("big", kChunks);
  const SteadyTime start{};
  EXPECT_EQ(pool.Get(ReceiverId{1}, object, 0), nullptr);
  EXPECT_EQ(pool.Get(ReceiverId{2}, object, 0), nullptr);
  pool.TakeEffects();
  for (std::uint32_t i = 0; i < limits::kBulkWindow; ++i) {
    pool.OnChunk(ReadId{1}, Shared(i, false));
    ASSERT_NE(pool.Get(ReceiverId{1}, object, i), nullptr);
  }
  EXPECT_EQ(Count<PauseRead>(pool.TakeEffects()), 1U) << "the second one has taken nothing";
  EXPECT_EQ(pool.Get(ReceiverId{1}, object, limits::kBulkWindow), nullptr);
  EXPECT_TRUE(pool.OnTick(start).empty());
  EXPECT_EQ(pool.OnTick(start + Duration(600)), std::vector{ReceiverId{2}});
  EXPECT_EQ(Count<ResumeRead>(pool.TakeEffects()), 1U);
  EXPECT_EQ(pool.Get(ReceiverId{2}, object, 0), nullptr);
  EXPECT_EQ(Count<StartRead>(pool.TakeEffects()), 1U) << "a read of its own";
}

TEST(ReadPool, ReadsSmallObjectsAhead) {
  ReadPool pool({.reads = 2});
  EXPECT_EQ(pool.Get(ReceiverId{1}, Object("a", 1), 0), nullptr);
  pool.Prepare(Object("large", 2));
  pool.Prepare(Object("b", 1));
  pool.Prepare(Object("b", 1));
  pool.Prepare(Object("no room", 1));
  EXPECT_EQ(Count<StartRead>(pool.TakeEffects()), 2U) << "a and b, once";
  EXPECT_TRUE(pool.OnChunk(ReadId{2}, Shared(0, true)).empty()) << "nobody waits for it yet";
  EXPECT_EQ(pool.OnChunk(ReadId{1}, Shared(0, true)).size(), 1U);
  EXPECT_NE(pool.Get(ReceiverId{1}, Object("a", 1), 0), nullptr);
  EXPECT_NE(pool.Get(ReceiverId{1}, Object("b", 1), 0), nullptr) << "is there";
  EXPECT_EQ(pool.started(), 2U);
}

TEST(ReadPool, StopsWhatNobodyWants) {
  ReadPool pool;
  EXPECT_EQ(pool.Get(ReceiverId{1}, Object("a", 9), 0), nullptr);
  pool.TakeEffects();
  pool.Leave(ReceiverId{1});
  EXPECT_EQ(Count<StopRead>(pool.TakeEffects()), 1U);
  EXPECT_EQ(pool.reads(), 0U);
  EXPECT_TRUE(pool.OnChunk(ReadId{1}, Shared(0, false)).empty());
}

TEST(Chunks, AreWhatWasCut) {
  std::string bytes(3 * limits::kBulkChunkBytes + 17, 'z');
  for (std::size_t i = 0; i < limits::kBulkChunkBytes; ++i)
    bytes[i] = static_cast<char>(i * i >> 5);
  std::vector<SharedChunk> chunks;
  ChunkMaker maker(0);
  for (std::size_t i = 0; i < bytes.size(); i += 100'000) {
    maker.Add(std::string_view(bytes).substr(i, 100'000), chunks);
  }
  chunks.push_back(maker.Finish());
  ASSERT_EQ(chunks.size(), 4U);
  ChunkOpener opener;
  std::string joined;
  for (const SharedChunk& chunk : chunks) {
    joined += opener.Open(chunk->header, chunk->bytes).value();
  }
  EXPECT_TRUE(joined == bytes);
  BulkChunk lie = chunks.back()->header;
  lie.raw_bytes += 1;
  EXPECT_FALSE(opener.Open(lie, chunks.back()->bytes));
  EXPECT_FALSE(opener.Open(chunks.back()->header, "garbage"));
}

}  // namespace
}  // namespace eris::bulk
