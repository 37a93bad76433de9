// Goal: batches come out as they went in, and nothing malformed is accepted. Method: known bytes,
// random messages from fixed seeds, and every cut and bit flip of small frames.
#include "broker/link/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>

namespace eris::link {
namespace {

Bytes AsBytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct OwnedMessage {
  std::string header;
  std::string body;
  bool operator==(const OwnedMessage&) const = default;
};

Frame Encode(const std::vector<OwnedMessage>& messages) {
  BatchWriter writer;
  for (const OwnedMessage& m : messages) {
    EXPECT_EQ(writer.Add({AsBytes(m.header), AsBytes(m.body)}), AddResult::kAdded);
  }
  EXPECT_EQ(writer.count(), messages.size());
  const std::size_t announced = writer.bytes();
  Frame frame = writer.Take();
  EXPECT_EQ(frame.size(), announced);
  EXPECT_TRUE(writer.empty());
  return frame;
}

std::vector<OwnedMessage> Decode(const Batch& batch) {
  std::vector<OwnedMessage> messages;
  for (const MessageView& m : batch) messages.push_back({Text(m.header), Text(m.body)});
  return messages;
}

std::vector<OwnedMessage> RandomMessages(std::mt19937& random) {
  std::vector<OwnedMessage> messages(1 + random() % 6);
  for (OwnedMessage& m : messages) {
    m.header.assign(1 + random() % 40, 'h');
    m.body.assign(random() % 60, 'b');
    for (char& c : m.header) c = static_cast<char>(random());
    for (char& c : m.body) c = static_cast<char>(random());
  }
  return messages;
}

TEST(Frame, HasTheDocumentedBytes) {
  using namespace std::string_view_literals;
  const Frame frame = Encode({{"head", "body-body"}, {"12345678", ""}});
  const std::string_view expected =
      "ErB1\x01\0\0\0\x02\0\0\0\0\0\0\0"
      "\x04\0\0\0\x09\0\0\0\x08\0\0\0\0\0\0\0"
      "head\0\0\0\0body-body\0\0\0\0\0\0\0"
      "12345678"sv;
  EXPECT_EQ(Text(frame), expected);
}

TEST(Frame, ComesBackAsItWentInWhateverTheAlignment) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::vector<OwnedMessage> messages = RandomMessages(random);
    const Frame frame = Encode(messages);
    const std::size_t shift = random() % 8;
    std::vector<std::byte> shifted(frame.size() + 8);
    std::memcpy(shifted.data() + shift, frame.data(), frame.size());
    Result<Batch> parsed = Batch::Parse(Bytes(shifted).subspan(shift, frame.size()));
    ASSERT_TRUE(parsed);
    const Batch batch = std::move(*parsed);
    EXPECT_EQ(Decode(batch), messages);
    for (const MessageView& m : batch) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.header.data()) % 8, 0u);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.body.data()) % 8, 0u);
    }
  }
}

TEST(Frame, EveryCutIsRefused) {
  const Frame frame = Encode({{"header", "a body"}, {"another", ""}});
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(Batch::Parse(Bytes(frame).first(size))) << size;
  }
  Frame longer = frame;
  longer.resize(frame.size() + 8);
  EXPECT_FALSE(Batch::Parse(longer));
}

// A frame that parses is what the writer makes of its messages: no two frames mean the same.
TEST(Frame, MutatedFramesAreRefusedOrCanonical) {
  std::mt19937 random(2);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Frame frame = Encode(RandomMessages(random));
    for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
      const std::size_t where = random() % std::min<std::size_t>(frame.size(), 80);
      frame[where] ^= static_cast<std::byte>(1u << (random() % 8));
    }
    const Result<Batch> batch = Batch::Parse(frame);
    if (!batch) continue;
    ++accepted;
    EXPECT_EQ(Encode(Decode(*batch)), frame);
  }
  EXPECT_GT(accepted, 0) << "flips inside of a header or body are not the frame's affair";
}

TEST(Frame, LengthsThatOverflowAreRefused) {
  Frame frame = Encode({{"header", "body"}});
  for (const std::uint32_t length : {0xffffffffu, 0xfffffff8u, 0x80000000u, 24u}) {
    for (const std::size_t field : {16U, 20U}) {
      Frame bad = frame;
      std::memcpy(bad.data() + field, &length, sizeof length);
      EXPECT_FALSE(Batch::Parse(bad));
    }
  }
  for (const std::uint32_t count : {0u, 0xffffffffu, 8193u}) {
    Frame bad = frame;
    std::memcpy(bad.data() + 8, &count, sizeof count);
    EXPECT_FALSE(Batch::Parse(bad));
  }
  EXPECT_FALSE(Batch::Parse(Frame(kMaxFrameBytes + 1)));
}

TEST(Frame, AnotherVersionIsToldFromGarbage) {
  Frame frame = Encode({{"header", "body"}});
  EXPECT_FALSE(IsFrameOfOtherVersion(frame));
  frame[4] = std::byte{2};
  EXPECT_TRUE(IsFrameOfOtherVersion(frame));
  EXPECT_FALSE(Batch::Parse(frame));
  frame[0] = std::byte{0};
  EXPECT_FALSE(IsFrameOfOtherVersion(frame));
}

TEST(BatchWriter, IsFullAtTheTargetButTakesOneMessageOfAnySize) {
  BatchWriter writer;
  const std::string kilobyte(1024, 'x');
  AddResult added = AddResult::kAdded;
  while (added == AddResult::kAdded) added = writer.Add({AsBytes("h"), AsBytes(kilobyte)});
  EXPECT_EQ(added, AddResult::kFull);
  EXPECT_GT(writer.bytes(), kTargetFrameBytes - 2048);
  EXPECT_LE(writer.Take().size(), kTargetFrameBytes);

  const std::string largest(kMaxMessageBytes - 1, 'x');
  EXPECT_EQ(writer.Add({AsBytes("h"), AsBytes(largest)}), AddResult::kAdded);
  EXPECT_EQ(writer.Add({AsBytes("h"), AsBytes("")}), AddResult::kFull);
  const Frame frame = writer.Take();
  EXPECT_LE(frame.size(), kMaxFrameBytes);
  EXPECT_TRUE(Batch::Parse(frame));
  EXPECT_EQ(writer.Add({AsBytes("hh"), AsBytes(largest)}), AddResult::kTooBig);
}

TEST(BatchWriter, CountsItsMessages) {
  BatchWriter writer;
  AddResult added = AddResult::kAdded;
  std::size_t taken = 0;
  while ((added = writer.Add({AsBytes("h"), {}})) == AddResult::kAdded) ++taken;
  EXPECT_EQ(added, AddResult::kFull);
  EXPECT_EQ(taken, kMaxFrameMessages);
  EXPECT_TRUE(Batch::Parse(writer.Take()));
}

}  // namespace
}  // namespace eris::link
