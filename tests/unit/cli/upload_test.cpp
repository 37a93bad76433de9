// Goal: a submission arrives whole, whatever the broker had of it before and however often the
// connection breaks. Method: a broker played by the test, which keeps what is contiguous.
#include "planner/cli/upload.h"

#include <gtest/gtest.h>

#include "schema/base/digest.h"
#include "schema/codec/codec.h"

namespace eris::cli {
namespace {

using What = SubmitReply::What;

Submission LargeSubmission() {
  Submission submission{.id = SubmissionId("s1"), .profile = ProfileName("default")};
  DeployManifest deploy;
  for (int i = 0; i < 4000; ++i) {
    Service service{.name = ServiceName("service" + std::to_string(i)), .type = "process"};
    service.package = StorePath("/nix/store/" + std::string(400, 'x') + std::to_string(i));
    deploy.manifest.services.emplace(ServiceKey("key" + std::to_string(i)), service);
  }
  submission.action = deploy;
  return submission;
}

// What a broker answers: it takes what continues what it has.
struct FakeBroker {
  std::string bytes;

  SubmitReply Take(const SubmitChunk& chunk) {
    if (chunk.offset == bytes.size()) bytes += chunk.bytes;
    if (bytes.size() == chunk.total_bytes && Hex(Sha256(bytes)) == chunk.sha256) {
      return {.what = What::kAccepted, .id = chunk.id, .offset = bytes.size()};
    }
    return {.what = What::kMore, .id = chunk.id, .offset = bytes.size()};
  }
};

TEST(Upload, SendsAFewChunksAheadAndEndsAccepted) {
  const Submission submission = LargeSubmission();
  Upload upload(submission);
  FakeBroker broker;
  std::vector<SubmitChunk> wire;
  while (const auto chunk = upload.Next()) wire.push_back(*chunk);
  ASSERT_EQ(wire.size(), 4u) << "the window";
  for (std::size_t i = 0; i < wire.size(); ++i) {
    upload.OnReply(broker.Take(wire[i]));
    while (const auto chunk = upload.Next()) wire.push_back(*chunk);
  }
  ASSERT_TRUE(upload.answer());
  EXPECT_EQ(upload.answer()->what, What::kAccepted);
  EXPECT_EQ(broker.bytes, Encode(submission));
  EXPECT_FALSE(upload.Next());
}

TEST(Upload, GoesOnWhereTheBrokerIsAfterALoss) {
  Upload upload(LargeSubmission());
  FakeBroker broker;
  upload.OnReply(broker.Take(*upload.Next()));
  ASSERT_TRUE(upload.Next());  // lost with the connection
  upload.Restart();
  // The first chunk again: the broker has more than that and says so.
  upload.OnReply(broker.Take(*upload.Next()));
  EXPECT_EQ(upload.confirmed_bytes(), limits::kChunkBytes);
  while (!upload.answer()) {
    const auto chunk = upload.Next();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->offset, broker.bytes.size());
    upload.OnReply(broker.Take(*chunk));
  }
}

TEST(Upload, StartsAnewWhenTheBrokerHasForgotten) {
  Upload upload(LargeSubmission());
  FakeBroker broker;
  upload.OnReply(broker.Take(*upload.Next()));
  broker.bytes.clear();
  for (int i = 0; i < 100 && !upload.answer(); ++i) {
    std::vector<SubmitChunk> sent;
    while (const auto chunk = upload.Next()) sent.push_back(*chunk);
    for (const SubmitChunk& chunk : sent) upload.OnReply(broker.Take(chunk));
  }
  ASSERT_TRUE(upload.answer());
  EXPECT_EQ(upload.answer()->what, What::kAccepted);
}

TEST(Upload, RefusalAndRepetitionAreAnswersBusyIsNot) {
  Upload upload(LargeSubmission());
  static_cast<void>(upload.Next());
  upload.OnReply({.what = What::kBusy, .id = SubmissionId("s1")});
  EXPECT_FALSE(upload.answer());
  upload.Restart();
  static_cast<void>(upload.Next());
  upload.OnReply({.what = What::kRefused, .id = SubmissionId("other")});
  EXPECT_FALSE(upload.answer()) << "of another submission";
  upload.OnReply({.what = What::kKnown, .id = SubmissionId("s1"), .transaction = {9}});
  ASSERT_TRUE(upload.answer());
  EXPECT_EQ(upload.answer()->transaction, TransactionId{9});
}

}  // namespace
}  // namespace eris::cli
