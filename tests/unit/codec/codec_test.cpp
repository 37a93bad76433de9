// Goal: what is decoded is what was encoded, and what must not be accepted is refused. Method:
// round trips of one value of every alternative; values that break one rule each.
#include "schema/codec/codec.h"

#include <gtest/gtest.h>

#include "tests/unit/codec/samples.h"

namespace eris {
namespace {

template <typename Value>
void ExpectRoundTrip(const Value& value) {
  const Result<Value> decoded = Decode<Value>(Encode(value));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(*decoded == value);
}
template <typename Value>
void ExpectRoundTrips(const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectRoundTrip(values[i]);
  }
}
template <typename Value>
void ExpectRefused(const Value& value, std::string_view why) {
  const Result<Value> decoded = Decode<Value>(Encode(value));
  ASSERT_FALSE(decoded) << "must be refused: " << why;
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_NE(decoded.error().message.find(why), std::string::npos) << decoded.error().message;
}

TEST(Codec, KeepsEveryFieldOfEveryType) {
  ExpectRoundTrips(samples::Headers());
  ExpectRoundTrip(samples::SomeHello());
  ExpectRoundTrips(samples::ItemBodies());
  ExpectRoundTrips(samples::Outcomes());
  ExpectRoundTrips(samples::Events());
  ExpectRoundTrip(samples::SomeManifest());
  ExpectRoundTrip(samples::SomePlan());
  ExpectRoundTrips(samples::Submissions());
  ExpectRoundTrips(samples::Replies());
  ExpectRoundTrips(samples::Bulks());
}

TEST(Codec, RecodesEverySampleToTheSameBytes) {
  for (const samples::Coded& sample : samples::AllCoded()) {
    const Result<std::string> recoded = sample.recode(sample.bytes);
    ASSERT_TRUE(recoded) << sample.name << ": " << recoded.error().message;
    EXPECT_TRUE(*recoded == sample.bytes) << sample.name;
  }
}

TEST(Codec, KeepsDefaultsOfRequests) { ExpectRoundTrip(Request{}); }

TEST(Codec, NeedsNoAlignment) {
  const std::string bytes = Encode(samples::SomeHello());
  const std::string shifted = "x" + bytes;
  EXPECT_EQ(Decode<Hello>(std::string_view(shifted).substr(1)).value(), samples::SomeHello());
}

TEST(Codec, LightEventsLeaveOutManifestAndItems) {
  const Event planned = samples::Events()[2];
  const Event light = Decode<Event>(EncodeLight(planned)).value();
  const auto& body = std::get<TransactionPlanned>(light.body);
  EXPECT_EQ(body.plan_hash, "abcd");
  EXPECT_EQ(body.plan.summary, samples::SomePlan().summary);
  EXPECT_TRUE(body.plan.items.empty());
  EXPECT_EQ(body.next, Manifest{});

  const Event submitted = Decode<Event>(EncodeLight(samples::Events()[1])).value();
  const Submission& submission = std::get<SubmissionAccepted>(submitted.body).submission;
  EXPECT_EQ(submission.author, "alice");
  EXPECT_EQ(std::get<DeployManifest>(submission.action).manifest, Manifest{});
}

TEST(Codec, TheManifestOfAPlannedEventIsReadAlone) {
  const Event planned = samples::Events()[2];
  const Manifest& next = std::get<TransactionPlanned>(planned.body).next;
  EXPECT_NE(next, Manifest{});
  EXPECT_EQ(DecodePlannedManifest(Encode(planned)).value(), next);
  EXPECT_FALSE(DecodePlannedManifest(Encode(samples::Events()[1]))) << "another event";
  EXPECT_FALSE(DecodePlannedManifest(Encode(planned).substr(0, 64))) << "half of one";
}

TEST(Codec, SendsEventsInLightForm) {
  const Reply reply{More::kLast, EventsReply{{samples::Events()[2]}}};
  EXPECT_EQ(DecodeMore(Encode(reply)).value(), More::kLast);
  EXPECT_EQ(DecodeMore(Encode(Reply{More::kMoreFollows, reply.body})).value(), More::kMoreFollows);
  const Reply decoded = Decode<Reply>(Encode(reply)).value();
  const Event& event = std::get<EventsReply>(decoded.body).events.front();
  EXPECT_TRUE(std::get<TransactionPlanned>(event.body).plan.items.empty());
}

TEST(WorkItemCodec, PutsIdEpochAndHashInTheHeader) {
  const WorkItem item = samples::SomeWorkItem();
  Message message{.header = {.kind = MessageKind::kDeliver,
                             .queue = "target.first",
                             .item = item.id,
                             .epoch = item.epoch,
                             .body_hash = item.body_hash},
                  .body = Encode(item)};
  EXPECT_EQ(DecodeWorkItem(message).value(), item);
  message.header.body_hash ^= 1;
  EXPECT_EQ(DecodeWorkItem(message).error().code, ErrorCode::kInvalid);
}

TEST(BodyHash, TellsBodiesApart) {
  std::vector<std::uint64_t> seen;
  for (const ItemBody& body : samples::ItemBodies()) {
    const std::uint64_t hash = BodyHash(body);
    EXPECT_EQ(hash, BodyHash(body));
    for (const std::uint64_t other : seen) EXPECT_NE(hash, other);
    seen.push_back(hash);
  }
}

TEST(BodyHash, NeverChanges) {
  // Workers compare it with what their ledger holds, over all versions.
  EXPECT_EQ(BodyHash(QueryItem{ProfileName("default")}), 0x946bd018f9281306ULL);
  // Of 12 KiB, and of 300 KiB in lists of lists.
  EXPECT_EQ(BodyHash(QueryItem{ProfileName(std::string(12'000, 'p'))}), 10172939533981690015ULL);
  LockComponents lock{std::vector<Activity>(1'000)};
  for (Activity& activity : lock.components) activity.properties = {{.name = "port", .text = "80"}};
  EXPECT_EQ(BodyHash(LockItem{std::move(lock)}), 18219826307264435725ULL);
}

TEST(Decode, RefusesWhatIsNoMessage) {
  const std::string bytes = Encode(samples::SomeHello());
  EXPECT_FALSE(Decode<Hello>(""));
  EXPECT_FALSE(Decode<Hello>(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(Decode<Hello>(bytes.substr(0, bytes.size() - 8)));
  EXPECT_FALSE(Decode<Hello>(std::string(limits::kBodyBytes + 8, '\0')));
  EXPECT_FALSE(Decode<Header>(std::string(4104, '\0')));
}

TEST(Decode, RefusesNamesThatAreTooLong) {
  Bye bye{.reason = ByeReason::kLost, .message = std::string(10'000, 'm')};
  EXPECT_TRUE(Decode<Bye>(Encode(bye))) << "prose may be long";
  Header header{.kind = MessageKind::kRequest, .author = std::string(limits::kNameBytes, 'a')};
  EXPECT_TRUE(Decode<Header>(Encode(header)));
  header.author += 'a';
  ExpectRefused(header, "256 bytes");
}

TEST(Decode, RefusesTextWithNulOrOutsideOfUtf8) {
  using namespace std::string_literals;
  for (const std::string& bad : {"a\0b"s, "\xff"s, "\xc0\x80"s, "\xe2\x82"s, "\xed\xa0\x80"s,
                                 "\xf5\x80\x80\x80"s, "\xf4\x90\x80\x80"s}) {
    for (std::size_t before = 0; before < 20; ++before) {  // wherever it stands in a word
      const std::string author = std::string(before, 'a') + bad + std::string(11, 'z');
      ExpectRefused(Header{.kind = MessageKind::kRequest, .author = author}, "UTF-8");
    }
    ExpectRefused(Header{.kind = MessageKind::kRequest, .author = bad}, "UTF-8");
  }
  ExpectRoundTrip(Header{.kind = MessageKind::kRequest, .author = "Zoë €\xf0\x9f\x98\x80"});
}

TEST(Decode, RepairsTextForPeople) {
  const Outcome outcome{.message = std::string("a\0\xff", 3), .log_tail = "x\xe2\x82y"};
  const Outcome decoded = Decode<Outcome>(Encode(outcome)).value();
  EXPECT_EQ(decoded.message, "a??");
  EXPECT_EQ(decoded.log_tail, "x??y");
}

TEST(Decode, RefusesUnspecified) {
  ExpectRefused(Hello{}, "unimplemented: Role 0");
  ExpectRefused(Bye{}, "unimplemented: ByeReason 0");
  ExpectRefused(Fault{}, "unimplemented: Fault::Code 0");
  // A message of zeros: every union in it is unspecified.
  const std::string empty("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
  EXPECT_EQ(Decode<ItemBody>(empty).error().message, "message: unimplemented: ItemBody 0");
  EXPECT_FALSE(Decode<Event>(empty));
  EXPECT_FALSE(Decode<Reply>(empty));
  EXPECT_FALSE(DecodeMore(empty));
  EXPECT_FALSE(Decode<Submission>(empty));
  EXPECT_FALSE(Decode<Outcome>(empty));
}

TEST(Decode, RefusesMembersOfNewerVersions) {
  std::string bytes = Encode(ItemBody{CollectItem{}});
  bytes[16] = 99;  // the union's discriminant: first word of the root
  EXPECT_EQ(Decode<ItemBody>(bytes).error().message, "message: unimplemented: ItemBody 99");
}

TEST(Decode, LetsHeadersOfUnknownKindPassAsUnspecified) {
  std::string bytes = Encode(Header{.kind = MessageKind::kReply, .request = 5});
  bytes[16] = 99;
  const Header header = Decode<Header>(bytes).value();
  EXPECT_EQ(header.kind, MessageKind::kUnspecified);
  EXPECT_EQ(header.request, 5U);
}

TEST(Decode, ChecksMeaning) {
  ExpectRefused(Welcome{.heartbeat_ms = 0}, "duration");
  ExpectRefused(Welcome{.missed_heartbeats = 0}, "missedHeartbeats");
  Hello hello = samples::SomeHello();
  hello.queues = {"first"};
  ExpectRefused(hello, "not the name of a queue");
  ExpectRefused(SubmitChunk{.id = SubmissionId("../x"), .total_bytes = 1}, "submission id");
  ExpectRefused(SubmitChunk{.total_bytes = 2, .offset = 2, .bytes = "x"}, "beyond the end");
  ExpectRefused(SubmitChunk{.total_bytes = limits::kSubmissionBytes + 1}, "256 MiB");
  Submission submission = samples::Submissions()[4];
  std::get<Operate>(submission.action).body = ActivateItem{};
  ExpectRefused(submission, "only query, collect, snapshot, transfer and diagnose");
  Manifest manifest = samples::SomeManifest();
  manifest.targets.begin()->second.num_of_cores = 0;
  ExpectRefused(manifest, "numOfCores");
  Plan plan = samples::SomePlan();
  plan.items[2].after = {{2}};
  ExpectRefused(plan, "edges out of order");
  plan = samples::SomePlan();
  plan.items[5].stage = 0;
  ExpectRefused(plan, "lower stage");
}

}  // namespace
}  // namespace eris
