// Goal: a submission is accepted exactly when it is whole, allowed and durable, once a content, and
// reaches the planner (design D6, D7, §9). Method: a client and a planner in memory; the records of
// each turn are what a spool would hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/base/digest.h"
#include "tests/unit/broker/network.h"

namespace eris::testing {
namespace {

using What = SubmitReply::What;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SubmissionId kId("sub-1");

Submission Deploy(const SubmissionId& id = kId) {
  Manifest manifest;
  manifest.mappings.push_back({.target = TargetName("a")});
  return {.id = id, .profile = ProfileName("default"), .action = DeployManifest{manifest}};
}

// A submission cut into pieces.
struct Cut {
  explicit Cut(const Submission& submission, std::size_t piece = 64)
      : id(submission.id), content(Encode(submission)), piece_bytes(piece) {}

  SubmitChunk At(std::size_t offset) const {
    return {.id = id,
            .total_bytes = content.size(),
            .sha256 = Hex(Sha256(content)),
            .offset = offset,
            .bytes = content.substr(offset, piece_bytes)};
  }
  SubmissionId id;
  std::string content;
  std::size_t piece_bytes;
};

SubmitReply Submit(Network& net, const Peer& client, const SubmitChunk& chunk) {
  net.Take(client);
  net.Send(client, {.kind = MessageKind::kSubmitChunk, .request = 3}, Encode(chunk));
  return net.Last<SubmitReply>(client, MessageKind::kSubmitReply);
}
// Sends what the broker wants next until it wants no more.
SubmitReply SubmitAll(Network& net, const Peer& client, const Cut& cut) {
  SubmitReply reply = Submit(net, client, cut.At(0));
  while (reply.what == What::kMore) reply = Submit(net, client, cut.At(reply.offset));
  return reply;
}

std::vector<ForwardPiece> TakeForwards(Network& net) {
  std::vector<ForwardPiece> pieces;
  while (const std::optional<Forward> forward = net.broker.NextForward()) {
    pieces.push_back(forward->piece);
  }
  return pieces;
}

void Take(Network& net, const Peer& planner, const SubmissionTaken& taken) {
  net.Send(planner, {.kind = MessageKind::kSubmissionTaken}, Encode(taken));
}

TEST(Submissions, AreAcceptedWhenWholeAndRecorded) {
  Network net;
  const Peer client = net.Client("bob");
  const Cut cut(Deploy());
  const SubmitReply reply = SubmitAll(net, client, cut);
  EXPECT_EQ(reply, (SubmitReply{.what = What::kAccepted, .id = kId, .offset = cut.content.size()}));
  ASSERT_EQ(net.spool.size(), 1U);
  EXPECT_EQ(net.spool[0].standing, SpooledSubmission::Standing::kAccepted);
  EXPECT_EQ(net.spool[0].author, "bob");
  std::string stored;
  for (const SpoolRecord& record : net.records) {
    if (const auto* chunk = std::get_if<SpoolChunk>(&record)) stored += chunk->chunk.bytes;
  }
  EXPECT_EQ(stored, cut.content);
}

TEST(Submissions, AcceptanceIsReleasedOnlyWithItsRecord) {
  Network net;
  const Peer client = net.Client();
  const Cut cut(Deploy(), 100'000);
  net.broker.OnMessage(client.id, client.key,
                       {.header = {.kind = MessageKind::kSubmitChunk}, .body = Encode(cut.At(0))},
                       net.now);
  const BrokerDecisions& turn = net.broker.decisions();
  ASSERT_EQ(turn.records.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<SpoolAccepted>(turn.records[1]));
  EXPECT_TRUE(std::holds_alternative<SendTo>(turn.effects.back()));
}

TEST(Submissions, GapsAndRepetitionsAreToldWhereToGoOn) {
  Network net;
  const Peer client = net.Client();
  const Cut cut(Deploy());
  EXPECT_EQ(Submit(net, client, cut.At(64)).offset, 0U) << "nothing of it is here";
  EXPECT_THAT(net.records, IsEmpty());
  EXPECT_EQ(Submit(net, client, cut.At(0)).offset, 64U);
  EXPECT_EQ(Submit(net, client, cut.At(0)).offset, 64U);
  EXPECT_EQ(Submit(net, client, cut.At(128)).offset, 64U);
  EXPECT_EQ(net.records.size(), 1U);
  // Another connection of the same key goes on where the first one stopped.
  const Peer again = net.Client();
  EXPECT_EQ(Submit(net, again, cut.At(0)).offset, 64U);
  EXPECT_EQ(SubmitAll(net, again, cut).what, What::kAccepted);
}

TEST(Submissions, AreIdempotentByTheirId) {
  Network net;
  const Peer client = net.Client();
  SubmitAll(net, client, Cut(Deploy()));
  EXPECT_EQ(Submit(net, client, Cut(Deploy()).At(0)).what, What::kKnown);
  const Peer planner = net.Planner();
  Take(net, planner, {.id = kId, .transaction = {7}});
  const SubmitReply known = Submit(net, client, Cut(Deploy()).At(0));
  EXPECT_EQ(known.what, What::kKnown);
  EXPECT_EQ(known.transaction, TransactionId{7});
}

TEST(Submissions, RefuseAnotherContentOrAuthorUnderAUsedId) {
  Network net;
  const Peer client = net.Client();
  SubmitAll(net, client, Cut(Deploy()));
  Submission other = Deploy();
  other.options.wait_ms = 1;
  EXPECT_EQ(Submit(net, client, Cut(other).At(0)).what, What::kRefused);
  EXPECT_EQ(Submit(net, net.Client("bob"), Cut(Deploy()).At(0)).what, What::kRefused);
}

TEST(Submissions, BeginAgainWhenAHalfSentContentChanges) {
  Network net;
  const Peer client = net.Client();
  Submit(net, client, Cut(Deploy()).At(0));
  Submission other = Deploy();
  other.options.wait_ms = 1;
  EXPECT_EQ(Submit(net, net.Client("bob"), Cut(other).At(0)).what, What::kRefused);
  EXPECT_EQ(SubmitAll(net, client, Cut(other)).what, What::kAccepted);
  EXPECT_EQ(net.spool.size(), 1U);
}

TEST(Submissions, WithAWrongHashOrContentAreForgotten) {
  Network net;
  const Peer client = net.Client();
  Cut cut(Deploy(), 100'000);
  SubmitChunk chunk = cut.At(0);
  chunk.sha256 = Hex(Sha256("something else"));
  EXPECT_EQ(Submit(net, client, chunk).what, What::kRefused);
  chunk.bytes = "no submission at all";
  chunk.total_bytes = chunk.bytes.size();
  chunk.sha256 = Hex(Sha256(chunk.bytes));
  EXPECT_EQ(Submit(net, client, chunk).what, What::kRefused);
  cut.id = SubmissionId("another");
  EXPECT_EQ(Submit(net, client, cut.At(0)).what, What::kRefused);
  EXPECT_THAT(net.spool, IsEmpty());
  EXPECT_EQ(SubmitAll(net, client, Cut(Deploy())).what, What::kAccepted) << "the id is free";
}

TEST(Submissions, NeedLevelProfileAndTargets) {
  Submission other_profile = Deploy();
  other_profile.profile = ProfileName("production");
  Submission other_target = Deploy();
  std::get<DeployManifest>(other_target.action)
      .manifest.mappings.push_back({.target = TargetName("b")});
  Submission deletes_state = Deploy();
  deletes_state.options.old_state = OldState::kDelete;
  Submission collects = Deploy();
  collects.action = Operate{.body = CollectItem{}, .targets = {TargetName("a")}};
  Submission queries = Deploy();
  queries.action = Operate{.body = QueryItem{}, .targets = {TargetName("b")}};
  Submission restores = Deploy();
  restores.action = StateOperation{};
  Submission cleans = Deploy();
  cleans.action = Operate{.body = CollectItem{.scope = CollectItem::Scope::kSnapshots},
                          .targets = {TargetName("a")}};
  for (const Submission& submission :
       {other_profile, other_target, deletes_state, collects, queries, restores, cleans}) {
    Network net;
    EXPECT_EQ(SubmitAll(net, net.Client("bob"), Cut(submission)).what, What::kRefused);
    EXPECT_EQ(SubmitAll(net, net.Client("alice"), Cut(submission)).what, What::kAccepted);
  }
  // The depot is all targets'.
  Submission cleans_depot = cleans;
  cleans_depot.action = Operate{.body = CollectItem{.scope = CollectItem::Scope::kSnapshots},
                                .targets = {},
                                .depot = WithDepot::kOnly};
  for (const std::string& targets : {std::string("*"), std::string("a")}) {
    Network own;
    own.keys.grants["alice"].targets = {targets};
    EXPECT_EQ(SubmitAll(own, own.Client("alice"), Cut(cleans_depot)).what,
              targets == "*" ? What::kAccepted : What::kRefused);
  }
  Network net;
  EXPECT_EQ(SubmitAll(net, net.Client("reader"), Cut(Deploy())).what, What::kRefused);
  EXPECT_THAT(net.records, IsEmpty()) << "nothing of it was stored";
}

// What a planner on an old journal takes in would be lost with it: only workers can tell.
TEST(Submissions, AWorkerSpeaksBeforeAPlannerOfABrokerThatWasStartedAgainGetsThem) {
  for (const bool a_worker_comes : {true, false}) {
    Network net({.planners = {{JournalId{9}, Epoch{1}}}, .doubt = Duration{9'000}});
    SubmitAll(net, net.Client(), Cut(Deploy()));
    net.Planner(2);
    EXPECT_FALSE(net.broker.ForwardTo());
    if (a_worker_comes) {
      Hello worker = net.WorkerHello("worker-a");
      worker.journal = {9};
      worker.epoch = {1};
      net.SayHello(net.Connect("worker-a"), worker);
    } else {
      net.Wait(Duration{9'000});
    }
    EXPECT_TRUE(net.broker.ForwardTo()) << "it does not wait for ever";
  }
}

TEST(Submissions, AreForwardedInPiecesWhenThePlannerIsThere) {
  Network net;
  const Peer client = net.Client();
  const Cut cut(Deploy());
  SubmitAll(net, client, cut);
  EXPECT_FALSE(net.broker.ForwardTo()) << "no planner";
  const Peer planner = net.Planner();
  const std::vector<ForwardPiece> pieces = TakeForwards(net);
  EXPECT_THAT(pieces, ElementsAre(ForwardPiece{.id = kId,
                                               .author = "alice",
                                               .sha256 = Hex(Sha256(cut.content)),
                                               .total_bytes = cut.content.size(),
                                               .offset = 0,
                                               .bytes = cut.content.size()}));
  EXPECT_THAT(TakeForwards(net), IsEmpty());
}

TEST(Submissions, AreCutForThePlannerAndComeInOrder) {
  SpoolContent content;
  for (const char* id : {"one", "two"}) {
    content.push_back({.id = SubmissionId(id),
                       .author = "alice",
                       .total_bytes = limits::kChunkBytes + 1,
                       .standing = SpooledSubmission::Standing::kAccepted});
  }
  Network net({}, content);
  net.Planner();
  const std::vector<ForwardPiece> pieces = TakeForwards(net);
  ASSERT_EQ(pieces.size(), 4U);
  EXPECT_EQ(pieces[1].offset, limits::kChunkBytes);
  EXPECT_EQ(pieces[1].bytes, 1U);
  EXPECT_EQ(pieces[2].id, SubmissionId("two"));
}

TEST(Submissions, AreForwardedAgainToANewPlannerUntilTaken) {
  Network net;
  SubmitAll(net, net.Client(), Cut(Deploy()));
  const Peer planner = net.Planner(1);
  EXPECT_EQ(TakeForwards(net).size(), 1U);
  const Peer newer = net.Planner(2);
  EXPECT_EQ(TakeForwards(net).size(), 1U);
  Take(net, newer, {.id = kId, .transaction = {7}});
  EXPECT_EQ(net.spool[0].standing, SpooledSubmission::Standing::kTaken);
  net.Planner(3);
  EXPECT_THAT(TakeForwards(net), IsEmpty());
}

TEST(Submissions, TakenTwiceOrUnknownAreNoMatter) {
  Network net;
  SubmitAll(net, net.Client(), Cut(Deploy()));
  const Peer planner = net.Planner();
  Take(net, planner, {.id = SubmissionId("unknown"), .transaction = {1}});
  Take(net, planner, {.id = kId, .transaction = {7}});
  const std::size_t records = net.records.size();
  Take(net, planner, {.id = kId, .transaction = {8}});
  EXPECT_EQ(net.records.size(), records);
  EXPECT_THAT(TakeForwards(net), IsEmpty());
}

TEST(Submissions, RefusedByThePlannerStayRefused) {
  Network net;
  const Peer client = net.Client();
  SubmitAll(net, client, Cut(Deploy()));
  Take(net, net.Planner(), {.id = kId, .refused = "no such generation"});
  const SubmitReply reply = Submit(net, client, Cut(Deploy()).At(0));
  EXPECT_EQ(reply.what, What::kRefused);
  EXPECT_EQ(reply.message, "no such generation");
}

TEST(Submissions, OverQuotaAreBusyAndStoreNothing) {
  const std::uint64_t bytes = Encode(Deploy()).size();
  Network net({.submissions = {.quota_bytes = bytes}});
  const Peer client = net.Client();
  SubmitAll(net, client, Cut(Deploy()));
  const SubmissionId second("sub-2");
  const SubmitReply reply = Submit(net, client, Cut(Deploy(second)).At(0));
  EXPECT_EQ(reply.what, What::kBusy);
  EXPECT_EQ(reply.retry_after_ms, 1'000);
  Take(net, net.Planner(), {.id = kId, .transaction = {1}});
  EXPECT_EQ(SubmitAll(net, client, Cut(Deploy(second))).what, What::kAccepted);
}

TEST(Submissions, AnybodyMayAskWhatHasBecomeOfOne) {
  Network net;
  const Peer bob = net.Client("bob");
  const Peer reader = net.Client("reader");
  const auto ask = [&] { return Submit(net, reader, {.id = kId}); };
  EXPECT_EQ(ask().what, What::kMore) << "nothing is known of it";
  SubmitAll(net, bob, Cut(Deploy()));
  EXPECT_EQ(ask().what, What::kKnown);
  EXPECT_FALSE(ask().transaction);
  const Peer planner = net.Planner();
  const auto take = [&](const SubmissionTaken& taken) {
    net.Send(planner, {.kind = MessageKind::kSubmissionTaken}, Encode(taken));
  };
  take({.id = kId, .transaction = {7}});
  EXPECT_EQ(ask().transaction, TransactionId{7});
  const SubmissionId other("sub-2");
  SubmitAll(net, bob, Cut(Deploy(other)));
  take({.id = other, .refused = "too late"});
  const SubmitReply refused = Submit(net, reader, {.id = other});
  EXPECT_EQ(refused.what, What::kRefused);
  EXPECT_EQ(refused.message, "too late");
}

TEST(Submissions, AreForwardedWithTheTargetsThatTheirAuthorsKeyCovers) {
  Network net;
  SubmitAll(net, net.Client("bob"), Cut(Deploy()));
  net.Planner();
  EXPECT_THAT(net.broker.NextForward()->header.targets, ElementsAre("a"));
  net.keys.grants.erase("bob");
  net.Planner(2);
  EXPECT_THAT(net.broker.NextForward()->header.targets, IsEmpty()) << "the key was revoked";
}

TEST(Submissions, ReceivedAtATimeAreBounded) {
  Network net({.submissions = {.receiving = 1}});
  const Peer client = net.Client();
  Submit(net, client, Cut(Deploy()).At(0));
  EXPECT_EQ(Submit(net, client, Cut(Deploy(SubmissionId("sub-2"))).At(0)).what, What::kBusy);
  net.Wait(Duration{600'000});
  EXPECT_THAT(net.spool, IsEmpty()) << "an abandoned one is forgotten";
  const Peer again = net.Client();
  EXPECT_EQ(SubmitAll(net, again, Cut(Deploy(SubmissionId("sub-2")))).what, What::kAccepted);
}

TEST(Submissions, HalfReceivedBeforeARestartAreForgotten) {
  Network net({}, {{.id = kId,
                    .author = "alice",
                    .total_bytes = 10,
                    .stored_bytes = 5,
                    .standing = SpooledSubmission::Standing::kReceiving}});
  EXPECT_THAT(net.records, ElementsAre(SpoolRecord{SpoolForgotten{kId}}));
}

TEST(Submissions, OldestTakenIdsAreForgottenFirst) {
  Network net({.submissions = {.remembered = 1}});
  const Peer client = net.Client();
  const Peer planner = net.Planner();
  for (const char* id : {"one", "two"}) {
    SubmitAll(net, client, Cut(Deploy(SubmissionId(id))));
    Take(net, planner, {.id = SubmissionId(id), .transaction = {1}});
  }
  ASSERT_EQ(net.spool.size(), 1U);
  EXPECT_EQ(net.spool[0].id, SubmissionId("two"));
}

TEST(Submissions, MalformedChunksAreFaults) {
  Network net;
  const Peer client = net.Client();
  net.Send(client, {.kind = MessageKind::kSubmitChunk}, "noise");
  EXPECT_EQ(net.Last<Fault>(client, MessageKind::kFault).code, Fault::Code::kInvalid);
}

}  // namespace
}  // namespace eris::testing
