#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

static_assert(wire::LACKING_PATHS == limits::kLackingPaths);

void Write(wire::ItemOutline::Builder to, const ItemOutline& from) {
  to.setIndex(from.index.value);
  to.setPhase(ToWire(from.phase));
  to.setVerb(Text(from.verb));
  to.setQueue(Text(from.queue));
  to.setSubject(Text(from.subject));
  to.setHasInverse(from.has_inverse);
}

void Read(wire::ItemOutline::Reader from, ItemOutline& to, Input& in) {
  to.index = {from.getIndex()};
  to.phase = in.Enum<PlanPhase>(from.getPhase());
  to.verb = in.Name(from.getVerb());
  to.queue = in.QueueText(from.getQueue());
  to.subject = in.Prose(from.getSubject());
  to.has_inverse = from.getHasInverse();
}

void Write(wire::TransactionStatus::Builder to, const TransactionStatus& from) {
  to.setTransaction(from.transaction.value);
  to.setSubmission(Text(from.submission));
  to.setProfile(Text(from.profile));
  to.setAuthor(Text(from.author));
  to.setAction(Text(from.action));
  to.setPhase(ToWire(from.phase));
  if (from.result) to.setResult(ToWire(*from.result));
  to.setMessage(Text(from.message));
  to.setPlanHash(Text(from.plan_hash));
  to.setGeneration(from.generation.value);
  codec::Write(to.initSummary(), from.summary);
  to.setItemsTotal(from.items_total);
  to.setItemsDone(from.items_done);
  to.setSubmittedAtMs(from.submitted_at.ms);
  to.setEndedAtMs(from.ended_at.ms);
  to.setLockedMs(from.locked_ms);
  WriteTexts(to.initWaitingFor(Count(from.waiting_for)), from.waiting_for);
  to.setPaused(from.is_paused);
}

void Read(wire::TransactionStatus::Reader from, TransactionStatus& to, Input& in) {
  to.transaction = {from.getTransaction()};
  to.submission = in.Submission(from.getSubmission());
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.author = in.Name(from.getAuthor());
  to.action = in.Name(from.getAction());
  to.phase = in.Enum<TransactionPhase>(from.getPhase());
  if (from.getResult() != wire::TransactionResult::UNSPECIFIED) {
    to.result = in.Enum<TransactionResult>(from.getResult());
  }
  to.message = in.Prose(from.getMessage());
  to.plan_hash = in.Name(from.getPlanHash());
  to.generation = {from.getGeneration()};
  codec::Read(from.getSummary(), to.summary, in);
  to.items_total = from.getItemsTotal();
  to.items_done = from.getItemsDone();
  to.submitted_at = {from.getSubmittedAtMs()};
  to.ended_at = {from.getEndedAtMs()};
  to.locked_ms = from.getLockedMs();
  ReadTexts(from.getWaitingFor(), to.waiting_for, in, &Input::Prose);
  to.is_paused = from.getPaused();
}

void Write(wire::GenerationInfo::Builder to, const GenerationInfo& from) {
  to.setProfile(Text(from.profile));
  to.setGeneration(from.generation.value);
  to.setTransaction(from.transaction.value);
  to.setCommittedAtMs(from.committed_at.ms);
  to.setAuthor(Text(from.author));
  to.setMappings(from.mappings);
  to.setTargets(from.targets);
  to.setStanding(ToWire(from.standing));
}

void Read(wire::GenerationInfo::Reader from, GenerationInfo& to, Input& in) {
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.generation = {from.getGeneration()};
  to.transaction = {from.getTransaction()};
  to.committed_at = {from.getCommittedAtMs()};
  to.author = in.Name(from.getAuthor());
  to.mappings = from.getMappings();
  to.targets = from.getTargets();
  to.standing = in.Enum<GenerationInfo::Standing>(from.getStanding());
}

void Write(wire::TargetInfo::Builder to, const TargetInfo& from) {
  to.setQueue(Text(from.queue));
  to.setState(ToWire(from.state));
  to.setWorker(Text(from.worker));
  to.setSoftware(Text(from.software));
  to.setSinceMs(from.since.ms);
  to.setLeasedBy(from.leased_by.value);
  to.setItemsInFlight(from.items_in_flight);
  if (from.vitals) codec::Write(to.initVitals(), *from.vitals);
  to.setVitalsAtMs(from.vitals_at.ms);
  WriteTexts(to.initWaitingFor(Count(from.waiting_for)), from.waiting_for);
}

void Read(wire::TargetInfo::Reader from, TargetInfo& to, Input& in) {
  to.queue = in.QueueText(from.getQueue());
  to.state = in.Enum<Presence::State>(from.getState());
  to.worker = in.Name(from.getWorker());
  to.software = in.Name(from.getSoftware());
  to.since = {from.getSinceMs()};
  to.leased_by = {from.getLeasedBy()};
  to.items_in_flight = from.getItemsInFlight();
  if (from.hasVitals()) codec::Read(from.getVitals(), to.vitals.emplace(), in);
  to.vitals_at = {from.getVitalsAtMs()};
  ReadTexts(from.getWaitingFor(), to.waiting_for, in, &Input::Prose);
}

void Write(wire::LogEntry::Builder to, const LogEntry& from) {
  Write(to.initItem(), from.item);
  to.setDirection(ToWire(from.grade.direction));
  to.setAttempt(from.grade.attempt);
  codec::Write(to.initOutcome(), from.outcome);
}

void Read(wire::LogEntry::Reader from, LogEntry& to, Input& in) {
  Read(from.getItem(), to.item, in);
  to.grade = {.direction = in.Enum<Direction>(from.getDirection()), .attempt = from.getAttempt()};
  codec::Read(from.getOutcome(), to.outcome, in);
}

// Writes one alternative of a reply's body.
struct ReplyWriter {
  wire::Reply::Body::Builder to;

  void operator()(const StatusReply& reply) {
    WriteList(to.initStatus(Count(reply.transactions)), reply.transactions, Write);
  }
  void operator()(const OutlineReply& reply) {
    auto builder = to.initOutline();
    builder.setTransaction(reply.transaction.value);
    WriteList(builder.initItems(Count(reply.items)), reply.items, Write);
  }
  void operator()(const EventsReply& reply) {
    auto list = to.initEvents(Count(reply.events));
    for (capnp::uint i = 0; i < list.size(); ++i) {
      codec::Write(list[i], reply.events[i], EventForm::kLight);
    }
  }
  void operator()(const GenerationsReply& reply) {
    WriteList(to.initGenerations(Count(reply.generations)), reply.generations, Write);
  }
  void operator()(const ManifestReply& reply) {
    auto builder = to.initManifest();
    builder.setGeneration(reply.generation.value);
    builder.setTotalBytes(reply.total_bytes);
    builder.setOffset(reply.offset);
    builder.setBytes(Bytes(reply.bytes));
  }
  void operator()(const TargetsReply& reply) {
    WriteList(to.initTargets(Count(reply.targets)), reply.targets, Write);
  }
  void operator()(const LogsReply& reply) {
    WriteList(to.initLogs(Count(reply.entries)), reply.entries, Write);
  }
  void operator()(const DoneReply& reply) {
    auto builder = to.initDone();
    builder.setTransaction(reply.transaction.value);
    builder.setMessage(Text(reply.message));
  }
  void operator()(const ErrorReply& reply) {
    auto builder = to.initError();
    builder.setCode(ToWire(reply.error.code));
    builder.setMessage(Text(reply.error.message));
    builder.setFix(Text(reply.error.fix));
  }
  void operator()(const LackingReply& reply) {
    WriteTexts(to.initLacking(Count(reply.paths)), reply.paths);
  }
};

OutlineReply ReadOutline(wire::Outline::Reader from, Input& in) {
  OutlineReply to;
  to.transaction = {from.getTransaction()};
  ReadList(from.getItems(), to.items, in, Read);
  return to;
}

ManifestReply ReadManifestChunk(wire::ManifestChunk::Reader from, Input& in) {
  return {.generation = {from.getGeneration()},
          .total_bytes = from.getTotalBytes(),
          .offset = from.getOffset(),
          .bytes = in.Bytes(from.getBytes(), limits::kChunkBytes)};
}

void ReadBody(wire::Reply::Body::Reader from, decltype(Reply::body)& to, Input& in) {
  using Body = wire::Reply::Body;
  switch (from.which()) {
    case Body::STATUS:
      ReadList(from.getStatus(), to.emplace<StatusReply>().transactions, in, Read);
      return;
    case Body::OUTLINE:
      to = ReadOutline(from.getOutline(), in);
      return;
    case Body::EVENTS:
      ReadList(from.getEvents(), to.emplace<EventsReply>().events, in, codec::Read);
      return;
    case Body::GENERATIONS:
      ReadList(from.getGenerations(), to.emplace<GenerationsReply>().generations, in, Read);
      return;
    case Body::MANIFEST:
      to = ReadManifestChunk(from.getManifest(), in);
      return;
    case Body::TARGETS:
      ReadList(from.getTargets(), to.emplace<TargetsReply>().targets, in, Read);
      return;
    case Body::LOGS:
      ReadList(from.getLogs(), to.emplace<LogsReply>().entries, in, Read);
      return;
    case Body::DONE:
      to = DoneReply{.transaction = {from.getDone().getTransaction()},
                     .message = in.Prose(from.getDone().getMessage())};
      return;
    case Body::ERROR:
      to = ErrorReply{{.code = in.Enum<ErrorCode>(from.getError().getCode()),
                       .message = in.Prose(from.getError().getMessage()),
                       .fix = in.Prose(from.getError().getFix())}};
      return;
    case Body::LACKING:
      ReadTexts(from.getLacking(), to.emplace<LackingReply>().paths, in, &Input::Path);
      return;
    default:
      in.Unimplemented("Reply.body", from.which());
  }
}

}  // namespace

void Write(wire::Request::Builder to, const Request& from) {
  to.setTransaction(from.transaction.transaction.value);
  to.setSubmission(Text(from.transaction.submission));
  to.setProfile(Text(from.profile));
  to.setGeneration(from.generation.value);
  to.setFrom(from.from.value);
  to.setItem(from.item.value);
  to.setTarget(Text(from.target));
  to.setLimit(from.limit);
  to.setReason(Text(from.reason));
  to.setUntil(ToWire(from.until));
  if (!from.paths.empty()) WriteTexts(to.initPaths(Count(from.paths)), from.paths);
}

void Read(wire::Request::Reader from, Request& to, Input& in) {
  to.transaction = {.transaction = {from.getTransaction()},
                    .submission = in.Submission(from.getSubmission())};
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.generation = {from.getGeneration()};
  to.from = {from.getFrom()};
  to.item = {from.getItem()};
  to.target = TargetName(in.Name(from.getTarget()));
  to.limit = from.getLimit();
  to.reason = in.Prose(from.getReason());
  to.until = in.Enum<Until>(from.getUntil());
  if (from.getPaths().size() > limits::kLackingPaths) in.Fail("too many paths in a request");
  ReadTexts(from.getPaths(), to.paths, in, &Input::Path);
}

void Write(wire::Reply::Builder to, const Reply& from) {
  to.setMore(ToWire(from.more));
  std::visit(ReplyWriter{to.getBody()}, from.body);
}

void Read(wire::Reply::Reader from, Reply& to, Input& in) {
  to.more = in.Enum<More>(from.getMore());
  ReadBody(from.getBody(), to.body, in);
}

}  // namespace eris::codec
