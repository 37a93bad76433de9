#include <cstdint>

#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

// The limits belong to the protocol: schema and program must say the same.
static_assert(wire::PROTOCOL_VERSION == limits::kProtocolVersion);
static_assert(wire::FRAME_BYTES == limits::kFrameBytes);
static_assert(wire::BATCH_BYTES == limits::kBatchBytes);
static_assert(wire::BODY_BYTES == limits::kBodyBytes);
static_assert(wire::CHUNK_BYTES == limits::kChunkBytes);
static_assert(wire::SUBMISSION_BYTES == limits::kSubmissionBytes);
static_assert(wire::NAME_BYTES == limits::kNameBytes);
static_assert(wire::VITALS_PAUSE_MS == limits::kVitalsPauseMs);
static_assert(wire::STREAM_PIECE_BYTES == limits::kStreamPieceBytes);
static_assert(wire::PATH_BYTES == Input::kPathBytes);

// Enumerations in which "unspecified" may be met: not applicable, or newer than this version.
template <typename Value>
Value EnumOrUnspecified(typename WireEnum<Value>::Wire wire) {
  const auto ordinal = static_cast<std::uint16_t>(wire);
  return ordinal > WireEnum<Value>::kLastOrdinal ? Value{} : static_cast<Value>(ordinal);
}

}  // namespace

void Write(wire::Header::Builder to, const Header& from) {
  to.setKind(ToWire(from.kind));
  if (!from.queue.empty()) to.setQueue(Text(from.queue));
  if (from.item != ItemId{}) Write(to.initItem(), from.item);
  to.setEpoch(from.epoch.value);
  to.setBodyHash(from.body_hash);
  to.setClient(from.client.value);
  to.setRequest(from.request);
  to.setVerb(ToWire(from.verb));
  if (!from.author.empty()) to.setAuthor(Text(from.author));
  to.setEvent(from.event.value);
  if (!from.profiles.empty()) {
    WriteTexts(to.initProfiles(Count(from.profiles)), from.profiles);
  }
  if (!from.targets.empty()) WriteTexts(to.initTargets(Count(from.targets)), from.targets);
}

void Read(wire::Header::Reader from, Header& to, Input& in) {
  to.kind = EnumOrUnspecified<MessageKind>(from.getKind());
  to.queue = in.QueueText(from.getQueue());
  if (from.hasItem()) Read(from.getItem(), to.item, in);
  to.epoch = {from.getEpoch()};
  to.body_hash = from.getBodyHash();
  to.client = {from.getClient()};
  to.request = from.getRequest();
  to.verb = EnumOrUnspecified<RequestVerb>(from.getVerb());
  to.author = in.Name(from.getAuthor());
  to.event = {from.getEvent()};
  ReadTexts(from.getProfiles(), to.profiles, in, &Input::Name);
  ReadTexts(from.getTargets(), to.targets, in, &Input::Name);
}

// ---- sessions ----

void Write(wire::Hello::Builder to, const Hello& from) {
  to.setRole(ToWire(from.role));
  to.setName(Text(from.name));
  to.setInstance(from.instance);
  to.setProtocolMin(from.protocol_min);
  to.setProtocolMax(from.protocol_max);
  to.setSoftware(Text(from.software));
  WriteTexts(to.initQueues(Count(from.queues)), from.queues);
  to.setJournal(from.journal.value);
  to.setEpoch(from.epoch.value);
  to.setLedger(from.ledger.value);
  WriteList(to.initInFlight(Count(from.in_flight)), from.in_flight, Write);
  to.setEvent(from.event.value);
  to.setTransaction(from.transaction.value);
  auto starts = to.initStarts(Count(from.starts));
  auto events = to.initStartEvents(Count(from.starts));
  for (capnp::uint i = 0; i < starts.size(); ++i) {
    starts.set(i, from.starts[i].epoch.value);
    events.set(i, from.starts[i].event.value);
  }
}

void Read(wire::Hello::Reader from, Hello& to, Input& in) {
  to.role = in.Enum<Role>(from.getRole());
  to.name = in.Name(from.getName());
  to.instance = from.getInstance();
  to.protocol_min = from.getProtocolMin();
  to.protocol_max = from.getProtocolMax();
  to.software = in.Name(from.getSoftware());
  to.queues.reserve(from.getQueues().size());
  for (auto queue : from.getQueues()) to.queues.push_back(in.Queue(queue).ToString());
  to.journal = {from.getJournal()};
  to.epoch = {from.getEpoch()};
  to.ledger = {from.getLedger()};
  ReadList(from.getInFlight(), to.in_flight, in, Read);
  to.event = {from.getEvent()};
  to.transaction = {from.getTransaction()};
  const auto events = from.getStartEvents();
  to.starts.reserve(from.getStarts().size());
  for (const std::uint64_t epoch : from.getStarts()) {
    const auto i = static_cast<capnp::uint>(to.starts.size());
    to.starts.push_back({{epoch}, {i < events.size() ? events[i] : 0}});
  }
}

void Write(wire::Welcome::Builder to, const Welcome& from) {
  to.setBoot(from.boot);
  to.setEpoch(from.epoch.value);
  to.setJournal(from.journal.value);
  to.setSession(from.session.value);
  to.setHeartbeatMs(from.heartbeat_ms);
  to.setMissedHeartbeats(from.missed_heartbeats);
}

void Read(wire::Welcome::Reader from, Welcome& to, Input& in) {
  to.boot = from.getBoot();
  to.epoch = {from.getEpoch()};
  to.journal = {from.getJournal()};
  to.session = {from.getSession()};
  to.heartbeat_ms = in.Ms(from.getHeartbeatMs(), 1);
  to.missed_heartbeats = from.getMissedHeartbeats();
  if (to.missed_heartbeats < 1) in.Fail("missedHeartbeats is 0");
}

void Write(wire::Bye::Builder to, const Bye& from) {
  to.setReason(ToWire(from.reason));
  to.setMessage(Text(from.message));
  if (from.seen != JournalPosition{}) Write(to.initSeen(), from.seen);
}

void Read(wire::Bye::Reader from, Bye& to, Input& in) {
  to.reason = in.Enum<ByeReason>(from.getReason());
  to.message = in.Prose(from.getMessage());
  if (from.hasSeen()) Read(from.getSeen(), to.seen, in);
}

void Write(wire::Fault::Builder to, const Fault& from) {
  to.setCode(ToWire(from.code));
  to.setOf(ToWire(from.of));
  to.setMessage(Text(from.message));
  to.setRetryAfterMs(from.retry_after_ms);
}

void Read(wire::Fault::Reader from, Fault& to, Input& in) {
  to.code = in.Enum<Fault::Code>(from.getCode());
  to.of = EnumOrUnspecified<MessageKind>(from.getOf());
  to.message = in.Prose(from.getMessage());
  to.retry_after_ms = in.Ms(from.getRetryAfterMs());
}

// ---- items ----

void Write(wire::Credit::Builder to, const Credit& from) { to.setItems(from.items); }

void Read(wire::Credit::Reader from, Credit& to, Input&) { to.items = from.getItems(); }

void Write(wire::Receipt::Builder to, const Receipt& from) {
  to.setWhat(ToWire(from.what));
  to.setRetryAfterMs(from.retry_after_ms);
}

void Read(wire::Receipt::Reader from, Receipt& to, Input& in) {
  to.what = in.Enum<Receipt::What>(from.getWhat());
  to.retry_after_ms = in.Ms(from.getRetryAfterMs());
}

void Write(wire::Presence::Builder to, const Presence& from) {
  to.setQueue(Text(from.queue));
  to.setState(ToWire(from.state));
  to.setWorker(Text(from.worker));
  to.setSoftware(Text(from.software));
  WriteTexts(to.initKeys(Count(from.keys)), from.keys);
}

void Read(wire::Presence::Reader from, Presence& to, Input& in) {
  to.queue = in.Queue(from.getQueue()).ToString();
  to.state = in.Enum<Presence::State>(from.getState());
  to.worker = in.Name(from.getWorker());
  to.software = in.Name(from.getSoftware());
  ReadTexts(from.getKeys(), to.keys, in, &Input::Name);
}

void Write(wire::Progress::Builder to, const Progress& from) { to.setText(Text(from.text)); }

void Read(wire::Progress::Reader from, Progress& to, Input& in) {
  to.text = in.Prose(from.getText());
}

void Write(wire::Vitals::Builder to, const Vitals& from) {
  to.setLoadMilli(from.load_milli);
  to.setCores(from.cores);
  to.setStoreFreeBytes(from.store_free_bytes);
  to.setStateFreeBytes(from.state_free_bytes);
}

void Read(wire::Vitals::Reader from, Vitals& to, Input&) {
  to.load_milli = from.getLoadMilli();
  to.cores = from.getCores();
  to.store_free_bytes = from.getStoreFreeBytes();
  to.state_free_bytes = from.getStateFreeBytes();
}

void Write(wire::StreamPiece::Builder to, const StreamPiece& from) {
  to.setOffset(from.offset);
  to.setBytes(Bytes(from.bytes));
  to.setReceived(from.received);
  to.setIsLast(from.is_last);
  to.setHasLeft(from.has_left);
  to.setRows(from.rows);
  to.setColumns(from.columns);
}

void Read(wire::StreamPiece::Reader from, StreamPiece& to, Input& in) {
  to.offset = from.getOffset();
  to.bytes = in.Bytes(from.getBytes(), limits::kStreamPieceBytes);
  to.received = from.getReceived();
  to.is_last = from.getIsLast();
  to.has_left = from.getHasLeft();
  to.rows = from.getRows();
  to.columns = from.getColumns();
}

void Write(wire::OutcomeAck::Builder to, const OutcomeAck& from) {
  to.setScope(ToWire(from.scope));
}

void Read(wire::OutcomeAck::Reader from, OutcomeAck& to, Input& in) {
  to.scope = in.Enum<AckScope>(from.getScope());
}

// ---- submissions ----

void Write(wire::SubmitChunk::Builder to, const SubmitChunk& from) {
  to.setId(Text(from.id));
  to.setTotalBytes(from.total_bytes);
  to.setSha256(Text(from.sha256));
  to.setOffset(from.offset);
  to.setBytes(Bytes(from.bytes));
}

void Read(wire::SubmitChunk::Reader from, SubmitChunk& to, Input& in) {
  to.id = in.Submission(from.getId());
  to.total_bytes = from.getTotalBytes();
  to.sha256 = in.Name(from.getSha256());
  to.offset = from.getOffset();
  to.bytes = in.Bytes(from.getBytes(), limits::kChunkBytes);
  if (to.total_bytes > limits::kSubmissionBytes) in.Fail("a submission of more than 256 MiB");
  if (to.offset > to.total_bytes || to.bytes.size() > to.total_bytes - to.offset) {
    in.Fail("a chunk beyond the end of its submission");
  }
}

void Write(wire::SubmitReply::Builder to, const SubmitReply& from) {
  to.setWhat(ToWire(from.what));
  to.setId(Text(from.id));
  to.setOffset(from.offset);
  to.setTransaction(from.transaction.value);
  to.setMessage(Text(from.message));
  to.setRetryAfterMs(from.retry_after_ms);
}

void Read(wire::SubmitReply::Reader from, SubmitReply& to, Input& in) {
  to.what = in.Enum<SubmitReply::What>(from.getWhat());
  to.id = in.Submission(from.getId());
  to.offset = from.getOffset();
  to.transaction = {from.getTransaction()};
  to.message = in.Prose(from.getMessage());
  to.retry_after_ms = in.Ms(from.getRetryAfterMs());
}

void Write(wire::SubmissionTaken::Builder to, const SubmissionTaken& from) {
  to.setId(Text(from.id));
  to.setTransaction(from.transaction.value);
  to.setRefused(Text(from.refused));
}

void Read(wire::SubmissionTaken::Reader from, SubmissionTaken& to, Input& in) {
  to.id = in.Submission(from.getId());
  to.transaction = {from.getTransaction()};
  to.refused = in.Prose(from.getRefused());
}

}  // namespace eris::codec
