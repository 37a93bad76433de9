// Goal: the shell sends nothing before the spool is synced, nothing after the spool failed, and
// feeds submissions to the planner no faster than its connection takes them. Method: a loop turned
// by hand, a transport and a spool in memory.
#include "broker/daemon.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "broker/link/message_frame.h"
#include "schema/base/digest.h"
#include "tests/unit/broker/network.h"

namespace eris::testing {
namespace {

class ManualClock final : public Clock {
 public:
  Now Read() override { return now; }
  Now now{.steady = {1'000}, .wall = {1'000}};
};

class MemoryTransport final : public link::ServerTransport {
 public:
  void SetHandlers(link::ServerHandlers given) override { handlers = std::move(given); }
  link::SendResult Send(PeerId peer, link::Frame frame) override {
    if (full.contains(peer)) return link::SendResult::kFull;
    if (gone.contains(peer)) return link::SendResult::kGone;
    const std::vector<Message> messages = link::ParseMessages(frame).value();
    std::vector<Message>& inbox = inboxes[peer];
    inbox.insert(inbox.end(), messages.begin(), messages.end());
    return link::SendResult::kSent;
  }
  std::size_t QueuedBytes(PeerId) const override { return queued; }
  void Forget(PeerId peer) override { forgotten.push_back(peer); }

  link::ServerHandlers handlers;
  std::map<PeerId, std::vector<Message>> inboxes;
  std::map<PeerId, bool> full;
  std::set<PeerId> gone;
  std::vector<PeerId> forgotten;
  std::size_t queued = 0;
};

// A spool that keeps everything, or fails.
class TestSpool final : public DurableLog<SpoolRecord>, public SpoolReader {
 public:
  Status Append(std::span<const SpoolRecord> records) override {
    if (fails) return Fail(ErrorCode::kInternal, "disk full");
    for (const SpoolRecord& record : records) {
      Apply(content, record);
      if (const auto* chunk = std::get_if<SpoolChunk>(&record)) bytes += chunk->chunk.bytes;
    }
    return {};
  }
  Result<std::string> ReadContent(const SubmissionId&, std::uint64_t offset,
                                  std::size_t max_bytes) override {
    if (bytes.empty()) return Fail(ErrorCode::kCorrupt, "content is missing");
    return bytes.substr(offset, max_bytes);
  }
  bool fails = false;
  SpoolContent content;
  std::string bytes;
};

// A public key is named by its first byte.
constexpr std::uint8_t kPlannerKey = 1;
constexpr std::uint8_t kClientKey = 2;
link::PublicKey Key(std::uint8_t name) { return {.bytes = {name}}; }

class Bench {
 public:
  explicit Bench(SpoolContent content = {}) {
    keys.grants[Key(kPlannerKey).ToText()] = {.name = "planner", .role = Role::kPlanner};
    keys.grants[Key(kClientKey).ToText()] = {.name = "alice",
                                             .role = Role::kClient,
                                             .level = KeyLevel::kDeploy,
                                             .profiles = {"*"},
                                             .targets = {"*"}};
    loop = link::Loop::Open(clock).value();
    daemon = std::make_unique<BrokerDaemon>(BrokerOptions{}, std::move(content),
                                            BrokerDaemon::Parts{.loop = *loop,
                                                                .transport = transport,
                                                                .spool = spool,
                                                                .content = spool,
                                                                .keys = keys,
                                                                .log = log});
  }

  void Receive(PeerId peer, std::uint8_t key, const Message& message) {
    link::BatchWriter writer;
    ASSERT_EQ(writer.Add(link::EncodedMessage(message).view()), link::AddResult::kAdded);
    transport.handlers.on_frame(peer, Key(key), writer.Take());
  }
  void SayHello(PeerId peer, std::uint8_t key, Role role) {
    Receive(peer, key,
            {.header = {.kind = MessageKind::kHello},
             .body = Encode(Hello{.role = role, .journal = {9}, .epoch = {1}})});
  }
  std::size_t Count(PeerId peer, MessageKind kind) {
    std::size_t count = 0;
    for (const Message& message : transport.inboxes[peer]) count += message.header.kind == kind;
    return count;
  }
  void Turn() { loop->Turn(Duration{0}); }

  ManualClock clock;
  TestKeys keys;
  NullLog log;
  MemoryTransport transport;
  TestSpool spool;
  std::unique_ptr<link::Loop> loop;
  std::unique_ptr<BrokerDaemon> daemon;
};

constexpr PeerId kPlanner{1};
constexpr PeerId kClient{2};

Message WholeSubmission() {
  const Submission submission{.id = SubmissionId("sub-1"), .profile = ProfileName("default")};
  const std::string content = Encode(submission);
  return {.header = {.kind = MessageKind::kSubmitChunk},
          .body = Encode(SubmitChunk{.id = submission.id,
                                     .total_bytes = content.size(),
                                     .sha256 = Hex(Sha256(content)),
                                     .bytes = content})};
}

TEST(BrokerDaemon, SendsWhatATurnDecided) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  EXPECT_EQ(bench.Count(kClient, MessageKind::kWelcome), 0U) << "the turn is not over";
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kWelcome), 1U);
}

TEST(BrokerDaemon, ForwardsASubmissionFromTheSpool) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.SayHello(kPlanner, kPlannerKey, Role::kPlanner);
  bench.Receive(kClient, kClientKey, WholeSubmission());
  bench.Turn();
  ASSERT_EQ(bench.Count(kPlanner, MessageKind::kSubmitChunk), 1U);
  const Message& chunk = bench.transport.inboxes[kPlanner].back();
  EXPECT_EQ(chunk.header.author, "alice");
  EXPECT_EQ(chunk.body, WholeSubmission().body);
  EXPECT_EQ(bench.Count(kClient, MessageKind::kSubmitReply), 1U);
}

TEST(BrokerDaemon, AfterAFailedAppendNothingLeaves) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  bench.spool.fails = true;
  bench.Receive(kClient, kClientKey, WholeSubmission());
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kSubmitReply), 0U);
  EXPECT_FALSE(bench.daemon->status());
}

TEST(BrokerDaemon, WaitsWhileThePlannersConnectionIsFull) {
  Bench bench({{.id = SubmissionId("sub-1"),
                .author = "alice",
                .total_bytes = 8,
                .stored_bytes = 8,
                .standing = SpooledSubmission::Standing::kAccepted}});
  bench.spool.bytes = "8 bytes.";
  bench.transport.queued = std::size_t{2} << 20;
  bench.SayHello(kPlanner, kPlannerKey, Role::kPlanner);
  bench.Turn();
  EXPECT_EQ(bench.Count(kPlanner, MessageKind::kSubmitChunk), 0U);
  bench.transport.queued = 0;
  bench.Turn();
  EXPECT_EQ(bench.Count(kPlanner, MessageKind::kSubmitChunk), 1U);
}

TEST(BrokerDaemon, ContentThatTheSpoolLostStopsIt) {
  Bench bench({{.id = SubmissionId("sub-1"),
                .author = "alice",
                .total_bytes = 8,
                .stored_bytes = 8,
                .standing = SpooledSubmission::Standing::kAccepted}});
  bench.SayHello(kPlanner, kPlannerKey, Role::kPlanner);
  bench.Turn();
  EXPECT_EQ(bench.daemon->status().error().code, ErrorCode::kCorrupt);
}

TEST(BrokerDaemon, APeerThatTakesNothingLosesItsSession) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  bench.transport.full[kClient] = true;
  bench.Receive(kClient, kClientKey, {.header = {.kind = MessageKind::kHeartbeat}});
  bench.Turn();
  EXPECT_EQ(bench.transport.forgotten, std::vector{kClient});
  bench.transport.full.clear();
  bench.Receive(kClient, kClientKey, {.header = {.kind = MessageKind::kHeartbeat}});
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kWhoAreYou), 1U);
}

TEST(BrokerDaemon, NonsenseEndsTheSession) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  const std::byte noise[16]{};
  bench.transport.handlers.on_frame(kClient, Key(kClientKey), noise);
  bench.Receive(kClient, kClientKey, {.header = {.kind = MessageKind::kHeartbeat}});
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kWhoAreYou), 1U);
}

TEST(BrokerDaemon, StopSaysGoodbye) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  bench.daemon->Stop();
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kBye), 1U);
  EXPECT_TRUE(bench.daemon->status());
}

TEST(BrokerDaemon, SilentSessionsEndByTheClock) {
  Bench bench;
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  for (int second = 0; second < 18; ++second) {
    bench.clock.now.steady.ms += 1'000;
    bench.Turn();
  }
  EXPECT_EQ(bench.Count(kClient, MessageKind::kBye), 1U);
  EXPECT_EQ(bench.transport.forgotten, std::vector{kClient});
}

Message StatusRequest() {
  return {.header = {.kind = MessageKind::kRequest, .request = 1, .verb = RequestVerb::kStatus},
          .body = Encode(Request())};
}

TEST(BrokerDaemon, AnswersWhatReachesNoPlannerInTheSameTurn) {
  Bench bench;
  bench.SayHello(kPlanner, kPlannerKey, Role::kPlanner);
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Turn();
  bench.transport.gone.insert(kPlanner);
  bench.Receive(kClient, kClientKey, StatusRequest());
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kFault), 1U);
}

TEST(BrokerDaemon, NoticesAPlannerThatDiesOverAQuestion) {
  Bench bench;
  bench.SayHello(kPlanner, kPlannerKey, Role::kPlanner);
  bench.SayHello(kClient, kClientKey, Role::kClient);
  bench.Receive(kClient, kClientKey, StatusRequest());
  bench.Turn();
  EXPECT_EQ(bench.Count(kPlanner, MessageKind::kRequest), 1U);
  bench.transport.gone.insert(kPlanner);  // the question has left: nothing tells of the end
  bench.clock.now.steady = bench.clock.now.steady + Duration(200);
  bench.Turn();
  EXPECT_EQ(bench.Count(kClient, MessageKind::kFault), 1U);
}

}  // namespace
}  // namespace eris::testing
