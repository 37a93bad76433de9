#include <variant>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

void Write(wire::PublishedItem::Builder to, const PublishedItem& from) {
  to.setIndex(from.index.value);
  to.setDirection(ToWire(from.grade.direction));
  to.setAttempt(from.grade.attempt);
}

void Read(wire::PublishedItem::Reader from, PublishedItem& to, Input& in) {
  to.index = {from.getIndex()};
  to.grade = {.direction = in.Enum<Direction>(from.getDirection()), .attempt = from.getAttempt()};
}

void WritePlanned(wire::Planned::Builder to, const TransactionPlanned& from, EventForm form) {
  to.setPlanHash(Text(from.plan_hash));
  if (form == EventForm::kFull) {
    codec::Write(to.initPlan(), from.plan);
    codec::Write(to.initNext(), from.next);
    return;
  }
  Plan outline;
  outline.profile = from.plan.profile;
  outline.base = from.plan.base;
  outline.summary = from.plan.summary;
  codec::Write(to.initPlan(), outline);
}

// Writes one alternative of an event's body.
struct BodyWriter {
  wire::Event::Body::Builder to;
  EventForm form;

  void operator()(const PlannerStarted& event) { to.setPlannerStarted(event.epoch.value); }
  void operator()(const SubmissionAccepted& event) {
    codec::Write(to.initSubmissionAccepted(), event.submission, form);
  }
  void operator()(const TransactionPlanned& event) { WritePlanned(to.initPlanned(), event, form); }
  void operator()(const PhaseEntered& event) {
    auto builder = to.initPhaseEntered();
    builder.setPhase(ToWire(event.phase));
    builder.setWhy(Text(event.why));
  }
  void operator()(const ItemsPublished& event) {
    auto list = to.initItemsPublished(Count(event.items));
    for (capnp::uint i = 0; i < list.size(); ++i) Write(list[i], event.items[i]);
  }
  void operator()(const ItemSettled& event) {
    auto builder = to.initItemSettled();
    Write(builder.initItem(), event.item);
    codec::Write(builder.initOutcome(), event.outcome);
  }
  void operator()(const CancelRequested& event) {
    auto builder = to.initCancelRequested();
    builder.setAuthor(Text(event.author));
    builder.setReason(Text(event.reason));
  }
  void operator()(const TargetVerified& event) {
    auto builder = to.initTargetVerified();
    builder.setTarget(Text(event.target));
    builder.setVerdict(ToWire(event.verdict));
    WriteTexts(builder.initDifferences(Count(event.differences)), event.differences);
  }
  void operator()(const GenerationCommitted& event) {
    auto builder = to.initGenerationCommitted();
    builder.setProfile(Text(event.profile));
    builder.setGeneration(event.generation.value);
  }
  void operator()(const TransactionEnded& event) {
    auto builder = to.initEnded();
    builder.setResult(ToWire(event.result));
    builder.setMessage(Text(event.message));
    builder.setLockedMs(event.locked_ms);
  }
  void operator()(const RollbackResumed& event) { to.setRollbackResumed(Text(event.author)); }
  void operator()(const Abandoned& event) {
    auto builder = to.initAbandoned();
    builder.setAuthor(Text(event.author));
    builder.setTarget(Text(event.target));
  }
  void operator()(const PlannerSuperseded& event) { codec::Write(to.initSuperseded(), event.seen); }
  void operator()(const TransactionPaused& event) { to.setPaused(ToWire(event.after)); }
  void operator()(const TransactionResumed& event) {
    auto builder = to.initResumed();
    builder.setAuthor(Text(event.author));
    builder.setUntil(ToWire(event.until));
  }
  void operator()(const GenerationsDeleted& event) {
    auto builder = to.initGenerationsDeleted();
    builder.setProfile(Text(event.profile));
    auto list = builder.initGenerations(Count(event.generations));
    for (capnp::uint i = 0; i < list.size(); ++i) {
      list[i].setGeneration(event.generations[i].generation.value);
      list[i].setTransaction(event.generations[i].transaction.value);
    }
  }
};

GenerationsDeleted ReadDeleted(wire::GenerationsDeleted::Reader from, Input& in) {
  GenerationsDeleted to;
  to.profile = ProfileName(in.Name(from.getProfile()));
  to.generations.reserve(from.getGenerations().size());
  for (const auto one : from.getGenerations()) {
    to.generations.push_back(
        {.generation = {one.getGeneration()}, .transaction = {one.getTransaction()}});
  }
  return to;
}

TransactionPlanned ReadPlanned(wire::Planned::Reader from, Input& in) {
  TransactionPlanned to;
  to.plan_hash = in.Name(from.getPlanHash());
  codec::Read(from.getPlan(), to.plan, in);
  codec::Read(from.getNext(), to.next, in);
  return to;
}

ItemsPublished ReadPublished(capnp::List<wire::PublishedItem>::Reader from, Input& in) {
  ItemsPublished to;
  to.items.reserve(from.size());
  for (auto item : from) Read(item, to.items.emplace_back(), in);
  return to;
}

ItemSettled ReadSettled(wire::ItemSettled::Reader from, Input& in) {
  ItemSettled to;
  Read(from.getItem(), to.item, in);
  codec::Read(from.getOutcome(), to.outcome, in);
  return to;
}

TargetVerified ReadVerified(wire::TargetVerified::Reader from, Input& in) {
  TargetVerified to;
  to.target = TargetName(in.Name(from.getTarget()));
  to.verdict = in.Enum<TargetVerified::Verdict>(from.getVerdict());
  ReadTexts(from.getDifferences(), to.differences, in, &Input::Prose);
  return to;
}

void ReadBody(wire::Event::Body::Reader from, EventBody& to, Input& in) {
  using Body = wire::Event::Body;
  switch (from.which()) {
    case Body::PLANNER_STARTED:
      to = PlannerStarted{{from.getPlannerStarted()}};
      return;
    case Body::SUBMISSION_ACCEPTED:
      codec::Read(from.getSubmissionAccepted(), to.emplace<SubmissionAccepted>().submission, in);
      return;
    case Body::PLANNED:
      to = ReadPlanned(from.getPlanned(), in);
      return;
    case Body::PHASE_ENTERED:
      to = PhaseEntered{.phase = in.Enum<TransactionPhase>(from.getPhaseEntered().getPhase()),
                        .why = in.Prose(from.getPhaseEntered().getWhy())};
      return;
    case Body::ITEMS_PUBLISHED:
      to = ReadPublished(from.getItemsPublished(), in);
      return;
    case Body::ITEM_SETTLED:
      to = ReadSettled(from.getItemSettled(), in);
      return;
    case Body::CANCEL_REQUESTED:
      to = CancelRequested{.author = in.Name(from.getCancelRequested().getAuthor()),
                           .reason = in.Prose(from.getCancelRequested().getReason())};
      return;
    case Body::TARGET_VERIFIED:
      to = ReadVerified(from.getTargetVerified(), in);
      return;
    case Body::GENERATION_COMMITTED:
      to = GenerationCommitted{
          .profile = ProfileName(in.Name(from.getGenerationCommitted().getProfile())),
          .generation = {from.getGenerationCommitted().getGeneration()}};
      return;
    case Body::ENDED:
      to = TransactionEnded{.result = in.Enum<TransactionResult>(from.getEnded().getResult()),
                            .message = in.Prose(from.getEnded().getMessage()),
                            .locked_ms = from.getEnded().getLockedMs()};
      return;
    case Body::ROLLBACK_RESUMED:
      to = RollbackResumed{in.Name(from.getRollbackResumed())};
      return;
    case Body::ABANDONED:
      to = Abandoned{.author = in.Name(from.getAbandoned().getAuthor()),
                     .target = TargetName(in.Name(from.getAbandoned().getTarget()))};
      return;
    case Body::SUPERSEDED:
      codec::Read(from.getSuperseded(), to.emplace<PlannerSuperseded>().seen, in);
      return;
    case Body::PAUSED:
      to = TransactionPaused{in.Enum<Until>(from.getPaused())};
      return;
    case Body::RESUMED:
      to = TransactionResumed{.author = in.Name(from.getResumed().getAuthor()),
                              .until = in.Enum<Until>(from.getResumed().getUntil())};
      return;
    case Body::GENERATIONS_DELETED:
      to = ReadDeleted(from.getGenerationsDeleted(), in);
      return;
    default:
      in.Unimplemented("Event.body", from.which());
  }
}

}  // namespace

void Write(wire::JournalPosition::Builder to, const JournalPosition& from) {
  to.setEpoch(from.epoch.value);
  to.setEvent(from.event.value);
  to.setTransaction(from.transaction.value);
}

void Read(wire::JournalPosition::Reader from, JournalPosition& to, Input&) {
  to.epoch = {from.getEpoch()};
  to.event = {from.getEvent()};
  to.transaction = {from.getTransaction()};
}

void Write(wire::Event::Builder to, const Event& from, EventForm form) {
  to.setSequence(from.sequence.value);
  to.setAtMs(from.at.ms);
  to.setTransaction(from.transaction.value);
  std::visit(BodyWriter{to.getBody(), form}, from.body);
}

void Read(wire::Event::Reader from, Event& to, Input& in) {
  to.sequence = {from.getSequence()};
  to.at = {from.getAtMs()};
  to.transaction = {from.getTransaction()};
  ReadBody(from.getBody(), to.body, in);
}

}  // namespace eris::codec
