// Goal: a stream arrives whole and in order whatever happens to its pieces, and nothing piles up.
// Method: two ends with a line between them that loses, repeats and reorders as a seed says.
#include "broker/link/stream_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace eris::link {
namespace {

constexpr std::size_t kPlenty = 1 << 20;

std::vector<StreamPiece> All(StreamEnd& end, SteadyTime now) {
  std::vector<StreamPiece> pieces;
  while (auto piece = end.Next(now)) pieces.push_back(*std::move(piece));
  return pieces;
}

std::string Text(std::size_t size, std::mt19937& random) {
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

TEST(StreamEnd, SaysNothingWithoutBeingAsked) {
  StreamEnd end;
  EXPECT_TRUE(All(end, {1'000'000}).empty());
  end.Nudge();
  EXPECT_EQ(All(end, {1'000'000}).size(), 1U);
}

TEST(StreamEnd, TakesNoMoreThanItsWindow) {
  StreamEnd end;
  EXPECT_EQ(end.room(), StreamEnd::kWindow);
  end.Write(std::string(StreamEnd::kWindow, 'x'));
  EXPECT_EQ(end.room(), 0U);
  for (const StreamPiece& piece : All(end, {0})) {
    EXPECT_LE(piece.bytes.size(), limits::kStreamPieceBytes);
  }
  end.Take({.received = 100}, kPlenty);
  EXPECT_EQ(end.room(), 100U);
}

TEST(StreamEnd, SendsAgainWhatWasLost) {
  StreamEnd end;
  StreamEnd other;
  end.Write("abc");
  ASSERT_EQ(All(end, {0}).size(), 1U);  // lost
  EXPECT_TRUE(All(end, {StreamEnd::kResendAfter.count() - 1}).empty());
  const auto again = All(end, {StreamEnd::kResendAfter.count()});
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(other.Take(again[0], kPlenty), "abc");
  EXPECT_EQ(other.Take(again[0], kPlenty), "");
}

TEST(StreamEnd, AnEndThatHasNothingToWriteIsToldToo) {
  StreamEnd end;
  StreamEnd other;
  end.Close();
  for (const StreamPiece& piece : All(end, {0})) other.Take(piece, kPlenty);
  EXPECT_TRUE(other.has_ended());
  EXPECT_FALSE(end.is_delivered());
  for (const StreamPiece& piece : All(other, {0})) end.Take(piece, kPlenty);
  EXPECT_TRUE(end.is_delivered());
}

TEST(StreamEnd, ForgedAcknowledgementsChangeNothing) {
  StreamEnd end;
  end.Write("abc");
  end.Take({.received = 2}, kPlenty);  // nothing was sent yet
  end.Take({.received = 1'000'000}, kPlenty);
  StreamEnd other;
  std::string got;
  for (const StreamPiece& piece : All(end, {0})) got += other.Take(piece, kPlenty);
  EXPECT_EQ(got, "abc");
  other.Take({.offset = 7, .bytes = "gap"}, kPlenty);
  EXPECT_EQ(other.Take({.offset = 3, .bytes = "d"}, kPlenty), "d");
}

// One direction of a pair under test.
struct Half {
  StreamEnd end;
  std::string written;
  std::string got;
  std::vector<StreamPiece> line;  // on its way to the other
};

void Write(Half& half, std::size_t most, std::mt19937& random) {
  const std::string text = Text(std::min<std::size_t>(half.end.room(), random() % 30'000), random);
  const std::string part = text.substr(0, most - half.written.size());
  half.end.Write(part);
  half.written += part;
  if (half.written.size() == most) half.end.Close();
}

void Deliver(Half& from, Half& to, bool is_bad, std::mt19937& random) {
  if (is_bad) std::shuffle(from.line.begin(), from.line.end(), random);
  std::vector<StreamPiece> kept;
  for (const StreamPiece& piece : from.line) {
    if (is_bad && random() % 3 == 0) continue;  // lost
    to.got += to.end.Take(piece, is_bad ? random() % 20'000 : kPlenty);
    if (is_bad && random() % 4 == 0) kept.push_back(piece);  // repeated
  }
  from.line = std::move(kept);
}

TEST(StreamEnd, ArrivesWholeOverABadLine) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    Half a;
    Half b;
    const std::size_t most_a = random() % 300'000;
    const std::size_t most_b = random() % 300'000;
    SteadyTime now;
    for (int round = 0; round < 400 && !(a.end.is_delivered() && b.end.is_delivered()); ++round) {
      const bool is_bad = round < 60;
      Write(a, most_a, random);
      Write(b, most_b, random);
      for (Half* half : {&a, &b}) {
        for (StreamPiece& piece : All(half->end, now)) half->line.push_back(std::move(piece));
      }
      Deliver(a, b, is_bad, random);
      Deliver(b, a, is_bad, random);
      now = now + Duration(random() % 700);
    }
    ASSERT_TRUE(a.end.is_delivered() && b.end.is_delivered()) << "seed " << seed;
    ASSERT_TRUE(a.end.has_ended() && b.end.has_ended()) << "seed " << seed;
    ASSERT_EQ(b.got, a.written) << "seed " << seed;
    ASSERT_EQ(a.got, b.written) << "seed " << seed;
  }
}

}  // namespace
}  // namespace eris::link
