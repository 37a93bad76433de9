#include "schema/codec/codec.h"

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "schema/base/digest.h"
#include "schema/codec/internal/convert.h"

namespace eris {
namespace {

// Which struct of the wire a value is, and how large its encoding may be.
template <typename Value>
struct Coding;
template <typename WireStruct, std::size_t limit, std::size_t first_words = 1024>
struct CodingOf {
  using Wire = WireStruct;
  static constexpr std::size_t kLimit = limit;
  // Of the first segment. What is larger has further ones, so this is part of the encoding.
  static constexpr std::size_t kFirstWords = first_words;
};
// Of structures that have no text, and of those whose texts are mostly short.
constexpr std::size_t kFlatWords = 16;
constexpr std::size_t kHeaderWords = 128;
constexpr std::size_t kStoredBytes = limits::kSubmissionBytes;
// A planned event holds a plan and a manifest.
constexpr std::size_t kEventBytes = 4 * limits::kSubmissionBytes;
template <>
struct Coding<Header> : CodingOf<wire::Header, 4096, kHeaderWords> {};
template <>
struct Coding<Hello> : CodingOf<wire::Hello, limits::kBodyBytes> {};
template <>
struct Coding<Welcome> : CodingOf<wire::Welcome, limits::kBodyBytes> {};
template <>
struct Coding<Bye> : CodingOf<wire::Bye, limits::kBodyBytes> {};
template <>
struct Coding<Fault> : CodingOf<wire::Fault, limits::kBodyBytes> {};
template <>
struct Coding<Credit> : CodingOf<wire::Credit, limits::kBodyBytes, kFlatWords> {};
template <>
struct Coding<Receipt> : CodingOf<wire::Receipt, limits::kBodyBytes, kFlatWords> {};
template <>
struct Coding<Presence> : CodingOf<wire::Presence, limits::kBodyBytes> {};
template <>
struct Coding<Progress> : CodingOf<wire::Progress, limits::kBodyBytes> {};
template <>
struct Coding<Vitals> : CodingOf<wire::Vitals, limits::kBodyBytes> {};
template <>
struct Coding<StreamPiece> : CodingOf<wire::StreamPiece, limits::kBodyBytes> {};
template <>
struct Coding<OutcomeAck> : CodingOf<wire::OutcomeAck, limits::kBodyBytes, kFlatWords> {};
template <>
struct Coding<SubmitChunk> : CodingOf<wire::SubmitChunk, limits::kBodyBytes> {};
template <>
struct Coding<SubmitReply> : CodingOf<wire::SubmitReply, limits::kBodyBytes> {};
template <>
struct Coding<SubmissionTaken> : CodingOf<wire::SubmissionTaken, limits::kBodyBytes> {};
template <>
struct Coding<Request> : CodingOf<wire::Request, limits::kBodyBytes> {};
template <>
struct Coding<Reply> : CodingOf<wire::Reply, limits::kBodyBytes> {};
template <>
struct Coding<WorkItem> : CodingOf<wire::WorkItem, limits::kBodyBytes> {};
template <>
struct Coding<ItemBody> : CodingOf<wire::ItemBody, limits::kBodyBytes> {};
template <>
struct Coding<Outcome> : CodingOf<wire::Outcome, limits::kBodyBytes, kHeaderWords> {};
template <>
struct Coding<Event> : CodingOf<wire::Event, kEventBytes> {};
template <>
struct Coding<Manifest> : CodingOf<wire::Manifest, kStoredBytes> {};
template <>
struct Coding<Plan> : CodingOf<wire::Plan, kStoredBytes> {};
template <>
struct Coding<Submission> : CodingOf<wire::Submission, kStoredBytes> {};

template <>
struct Coding<Bulk> : CodingOf<wire::Bulk, limits::kBodyBytes> {};

// The message of one value under construction. Most fit into its own memory: the library would
// allocate 8 KiB for each of them.
template <typename Value>
class Building {
 public:
  template <typename... Form>
  auto Write(const Value& value, Form... form) {
    auto root = message_.template initRoot<typename Coding<Value>::Wire>();
    codec::Write(root, value, form...);
    return root;
  }
  std::string Finish() {
    const std::size_t words = capnp::computeSerializedSizeInWords(message_);
    std::string bytes(words * sizeof(capnp::word), '\0');
    kj::ArrayOutputStream out({reinterpret_cast<kj::byte*>(bytes.data()), bytes.size()});
    capnp::writeMessage(out, message_);
    return bytes;
  }

 private:
  static constexpr std::size_t kWords = Coding<Value>::kFirstWords;
  capnp::word first_segment_[kWords] = {};
  capnp::MallocMessageBuilder message_{kj::arrayPtr(first_segment_, kWords)};
};

template <typename Value, typename... Form>
std::string EncodeAs(const Value& value, Form... form) {
  Building<Value> message;
  message.Write(value, form...);
  return message.Finish();
}

// The words of bytes that came from anywhere: where they are, or an aligned copy.
class Words {
 public:
  explicit Words(std::string_view bytes) {
    const std::size_t count = bytes.size() / sizeof(capnp::word);
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % sizeof(capnp::word) == 0) {
      words_ = {reinterpret_cast<const capnp::word*>(bytes.data()), count};
      return;
    }
    copy_ = kj::heapArray<capnp::word>(count);
    std::memcpy(copy_.begin(), bytes.data(), bytes.size());
    words_ = copy_;
  }
  kj::ArrayPtr<const capnp::word> get() const { return words_; }

 private:
  kj::Array<capnp::word> copy_;
  kj::ArrayPtr<const capnp::word> words_;
};

// Messages of the network are shared by hostile peers and by bugs: so much may be read of them, and
// so deep. The traversal limit counts what is read twice, hence the factor.
capnp::ReaderOptions Limits(std::size_t words) {
  constexpr std::uint64_t kReadings = 4;
  constexpr std::uint64_t kSmallMessage = 1024;
  constexpr int kNesting = 16;
  return {.traversalLimitInWords = kReadings * words + kSmallMessage, .nestingLimit = kNesting};
}

Error Problem(std::string what) {
  return {.code = ErrorCode::kInvalid, .message = "message: " + std::move(what), .fix = {}};
}

// Calls `use` with a reader of the root; what Cap'n Proto throws becomes an error here.
template <typename Value, typename Use>
Status WithReader(std::string_view bytes, Use&& use) {
  if (bytes.size() > Coding<Value>::kLimit) {
    return Fail(Problem(std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(Coding<Value>::kLimit) + " are allowed"));
  }
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) {
    return Fail(Problem(std::to_string(bytes.size()) + " bytes are no whole number of words"));
  }
  try {
    const Words words(bytes);
    capnp::FlatArrayMessageReader message(words.get(), Limits(words.get().size()));
    codec::Input in;
    use(message.getRoot<typename Coding<Value>::Wire>(), in);
    if (!in.ok()) return Fail(Problem(in.problem()));
  } catch (const kj::Exception& exception) {
    return Fail(Problem(std::string("malformed: ") + exception.getDescription().cStr()));
  }
  return {};
}

std::uint64_t HashOf(kj::ArrayPtr<const capnp::word> canonical) {
  const kj::ArrayPtr<const char> bytes = canonical.asChars();
  const Blake2bDigest digest = Blake2b({bytes.begin(), bytes.size()});
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof(hash); ++i) hash = hash << 8 | digest[i];
  return hash;
}

std::uint64_t HashOf(wire::ItemBody::Reader body) {
  // The canonical form is one segment. Most bodies fit into this one, and are gone through once;
  // canonicalize() measures them before and looks at its work afterwards.
  constexpr std::size_t kWords = 512;
  capnp::word first_segment[kWords] = {};
  capnp::MallocMessageBuilder message(kj::arrayPtr(first_segment, kWords));
  message.getRoot<capnp::AnyPointer>().setCanonicalAs<wire::ItemBody>(body);
  const auto segments = message.getSegmentsForOutput();
  return HashOf(segments.size() == 1 ? segments[0] : capnp::canonicalize(body).asPtr());
}

}  // namespace

std::string Encode(const Header& value) { return EncodeAs(value); }
std::string Encode(const Hello& value) { return EncodeAs(value); }
std::string Encode(const Welcome& value) { return EncodeAs(value); }
std::string Encode(const Bye& value) { return EncodeAs(value); }
std::string Encode(const Fault& value) { return EncodeAs(value); }
std::string Encode(const Credit& value) { return EncodeAs(value); }
std::string Encode(const Receipt& value) { return EncodeAs(value); }
std::string Encode(const Presence& value) { return EncodeAs(value); }
std::string Encode(const Progress& value) { return EncodeAs(value); }
std::string Encode(const Vitals& value) { return EncodeAs(value); }
std::string Encode(const StreamPiece& value) { return EncodeAs(value); }
std::string Encode(const OutcomeAck& value) { return EncodeAs(value); }
std::string Encode(const SubmitChunk& value) { return EncodeAs(value); }
std::string Encode(const SubmitReply& value) { return EncodeAs(value); }
std::string Encode(const SubmissionTaken& value) { return EncodeAs(value); }
std::string Encode(const Request& value) { return EncodeAs(value); }
std::string Encode(const Reply& value) { return EncodeAs(value); }
std::string Encode(const WorkItem& value) { return EncodeAs(value); }
std::string Encode(const ItemBody& value) { return EncodeAs(value); }
std::string Encode(const Outcome& value) { return EncodeAs(value); }
std::string Encode(const Manifest& value) { return EncodeAs(value); }
std::string Encode(const Plan& value) { return EncodeAs(value); }
std::string Encode(const Submission& value) { return EncodeAs(value, codec::EventForm::kFull); }
std::string Encode(const Event& value) { return EncodeAs(value, codec::EventForm::kFull); }
std::string Encode(const Bulk& value) { return EncodeAs(value); }
std::string EncodeLight(const Event& value) { return EncodeAs(value, codec::EventForm::kLight); }

template <typename Value>
Result<Value> Decode(std::string_view bytes) {
  Value value;
  ERIS_TRY(WithReader<Value>(
      bytes, [&value](auto root, codec::Input& in) { codec::Read(root, value, in); }));
  return value;
}

template Result<Header> Decode(std::string_view);
template Result<Hello> Decode(std::string_view);
template Result<Welcome> Decode(std::string_view);
template Result<Bye> Decode(std::string_view);
template Result<Fault> Decode(std::string_view);
template Result<Credit> Decode(std::string_view);
template Result<Receipt> Decode(std::string_view);
template Result<Presence> Decode(std::string_view);
template Result<Progress> Decode(std::string_view);
template Result<Vitals> Decode(std::string_view);
template Result<StreamPiece> Decode(std::string_view);
template Result<OutcomeAck> Decode(std::string_view);
template Result<SubmitChunk> Decode(std::string_view);
template Result<SubmitReply> Decode(std::string_view);
template Result<SubmissionTaken> Decode(std::string_view);
template Result<Request> Decode(std::string_view);
template Result<Reply> Decode(std::string_view);
template Result<ItemBody> Decode(std::string_view);
template Result<Outcome> Decode(std::string_view);
template Result<Event> Decode(std::string_view);
template Result<Manifest> Decode(std::string_view);
template Result<Plan> Decode(std::string_view);
template Result<Submission> Decode(std::string_view);
template Result<Bulk> Decode(std::string_view);

Result<More> DecodeMore(std::string_view reply) {
  More more = More::kLast;
  ERIS_TRY(WithReader<Reply>(reply, [&more](wire::Reply::Reader from, codec::Input& in) {
    more = in.Enum<More>(from.getMore());
  }));
  return more;
}

Result<Manifest> DecodePlannedManifest(std::string_view event) {
  Manifest manifest;
  ERIS_TRY(WithReader<Event>(event, [&manifest](wire::Event::Reader from, codec::Input& in) {
    if (!from.getBody().isPlanned()) return in.Fail("it is no planned event");
    codec::Read(from.getBody().getPlanned().getNext(), manifest, in);
  }));
  return manifest;
}

Result<WorkItem> DecodeWorkItem(const Message& message) {
  WorkItem item;
  item.id = message.header.item;
  item.epoch = message.header.epoch;
  item.event = message.header.event;
  item.body_hash = message.header.body_hash;
  ERIS_TRY(WithReader<WorkItem>(message.body, [&item](auto root, codec::Input& in) {
    codec::Read(root, item, in);
    // Of what was received: a newer planner may have set fields that a re-encoding would lose.
    if (in.ok() && HashOf(root.getBody()) != item.body_hash) {
      in.Fail("the item's body has another hash than its header says");
    }
  }));
  return item;
}

HashedItem EncodeHashed(const WorkItem& item) {
  Building<WorkItem> message;
  const std::uint64_t hash = HashOf(message.Write(item).asReader().getBody());
  return {.body_hash = hash, .bytes = message.Finish()};
}

std::uint64_t BodyHash(const ItemBody& body) {
  Building<ItemBody> message;
  return HashOf(message.Write(body).asReader());
}

}  // namespace eris
