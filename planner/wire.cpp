#include "planner/wire.h"

#include <utility>
#include <variant>

#include "schema/base/digest.h"
#include "schema/base/overloaded.h"
#include "schema/codec/codec.h"

namespace eris::planner {
namespace {

Message ToMessage(const PublishItem& publish) {
  HashedItem hashed = EncodeHashed(publish.item);
  return {.header = {.kind = MessageKind::kPublish,
                     .queue = publish.queue,
                     .item = publish.item.id,
                     .epoch = publish.item.epoch,
                     .body_hash = hashed.body_hash,
                     .event = publish.item.event},
          .body = std::move(hashed.bytes)};
}

Message ToMessage(const AcknowledgeOutcome& acknowledge) {
  return {.header = {.kind = MessageKind::kOutcomeAck,
                     .queue = acknowledge.queue,
                     .item = acknowledge.item},
          .body = Encode(OutcomeAck{acknowledge.scope})};
}

Message ToMessage(const ConfirmSubmission& confirm) {
  return {.header = {.kind = MessageKind::kSubmissionTaken}, .body = Encode(confirm.taken)};
}

// A reply that fits into no message must not be lost without a word.
Message ToMessage(const SendReply& send) {
  std::string body = Encode(send.reply);
  if (body.size() > limits::kBodyBytes) {
    body = Encode(Reply{More::kLast,
                        ErrorReply{{ErrorCode::kInternal, "the answer is too large for one message",
                                    "ask for less at a time"}}});
  }
  return {.header = {.kind = MessageKind::kReply, .client = send.client, .request = send.request},
          .body = std::move(body)};
}

}  // namespace

std::optional<Message> ToMessage(const Effect& effect) {
  return std::visit(Overloaded{
                        [](const StopPlanner&) { return std::optional<Message>(); },
                        [](const auto& sent) { return std::optional(ToMessage(sent)); },
                    },
                    effect);
}

void Intake::OnEstablished(const Welcome& welcome, Now now) {
  receiving_.reset();
  coordinator_.OnWelcome(welcome, now);
}

Status Intake::OnMessage(const Message& message, Now now) {
  const Header& header = message.header;
  switch (header.kind) {
    case MessageKind::kReceipt: {
      ERIS_ASSIGN(const Receipt receipt, Decode<Receipt>(message.body));
      coordinator_.OnReceipt(header.item, receipt, now);
      return {};
    }
    case MessageKind::kPresence: {
      ERIS_ASSIGN(const Presence presence, Decode<Presence>(message.body));
      coordinator_.OnPresence(presence, now);
      return {};
    }
    case MessageKind::kOutcome: {
      ERIS_ASSIGN(Outcome outcome, Decode<Outcome>(message.body));
      if (header.item.step.journal == coordinator_.journal()) {
        coordinator_.OnEpochSeen(header.epoch, now);
      }
      coordinator_.OnOutcome(header.queue, {header.item, std::move(outcome)}, now);
      return {};
    }
    case MessageKind::kProgress:
      coordinator_.OnProgress(header.item, now);
      return {};
    case MessageKind::kVitals: {
      ERIS_ASSIGN(const Vitals vitals, Decode<Vitals>(message.body));
      coordinator_.OnVitals(header.queue, vitals, now);
      return {};
    }
    case MessageKind::kSubmitChunk:
      return OnChunk(message, now);
    case MessageKind::kRequest: {
      ERIS_ASSIGN(Request request, Decode<Request>(message.body));
      coordinator_.OnRequest({.client = header.client,
                              .request = header.request,
                              .verb = header.verb,
                              .author = header.author,
                              .profiles = header.profiles,
                              .targets = header.targets,
                              .body = std::move(request)},
                             now);
      return {};
    }
    case MessageKind::kFault:
      return OnFault(message, now);
    case MessageKind::kUnspecified:
    case MessageKind::kHello:
    case MessageKind::kWhoAreYou:
    case MessageKind::kWelcome:
    case MessageKind::kBye:
    case MessageKind::kHeartbeat:
    case MessageKind::kPublish:
    case MessageKind::kDeliver:
    case MessageKind::kRevoke:
    case MessageKind::kCredit:
    case MessageKind::kOutcomeAck:
    case MessageKind::kSubmitReply:
    case MessageKind::kSubmissionTaken:
    case MessageKind::kStream:
    case MessageKind::kInquiry:
    case MessageKind::kReply:
      break;
  }
  return Fail(ErrorCode::kInvalid,
              "a planner gets no " + std::string(ToString(header.kind)) + " messages");
}

Status Intake::OnFault(const Message& message, Now now) {
  ERIS_ASSIGN(const Fault fault, Decode<Fault>(message.body));
  if (fault.of == MessageKind::kReply) coordinator_.OnReplyRefused(message.header.client);
  if (fault.of == MessageKind::kPublish) {
    coordinator_.OnPublishRefused(message.header.item, fault.message, now);
  }
  return Fail(ErrorCode::kUnavailable,
              "the broker refused " + std::string(ToString(fault.of)) + ": " + fault.message);
}

Status Intake::OnChunk(const Message& message, Now now) {
  ERIS_ASSIGN(SubmitChunk chunk, Decode<SubmitChunk>(message.body));
  const std::string name = "submission " + chunk.id.text;
  if (chunk.total_bytes > limits::kSubmissionBytes) {
    coordinator_.OnUnreadableSubmission(chunk.id, "it is too large");
    return Fail(ErrorCode::kInvalid, name + ": it is too large");
  }
  if (chunk.offset == 0) receiving_ = Receiving{chunk.id, chunk.sha256, chunk.total_bytes, {}};
  const bool goes_on = receiving_ && receiving_->id == chunk.id &&
                       receiving_->sha256 == chunk.sha256 &&
                       receiving_->bytes.size() == chunk.offset &&
                       chunk.bytes.size() <= receiving_->total_bytes - chunk.offset;
  if (!goes_on) {
    receiving_.reset();  // the broker begins again with its next welcome
    return Fail(ErrorCode::kInvalid,
                name + ": the chunk at " + std::to_string(chunk.offset) + " does not fit");
  }
  receiving_->bytes += chunk.bytes;
  if (receiving_->bytes.size() < receiving_->total_bytes) return {};
  const Receiving whole = *std::exchange(receiving_, std::nullopt);
  Result<Submission> submission = Decode<Submission>(whole.bytes);
  if (Hex(Sha256(whole.bytes)) != whole.sha256) {
    return Fail(ErrorCode::kInvalid, name + ": its content does not have the announced hash");
  }
  if (!submission || submission->id != whole.id) {
    const std::string why =
        submission ? "it carries another id" : "it can not be read: " + submission.error().message;
    coordinator_.OnUnreadableSubmission(whole.id, why);
    return Fail(ErrorCode::kInvalid, name + ": " + why);
  }
  submission->author = message.header.author;
  if (const Status may = coordinator_.CheckTargets(*submission, message.header.targets); !may) {
    coordinator_.OnUnreadableSubmission(whole.id, may.error().message);
    return Fail(ErrorCode::kInvalid, name + ": " + may.error().message);
  }
  if (on_submission_) {
    on_submission_(*std::move(submission), now);
  } else {
    coordinator_.OnSubmission(*submission, now);
  }
  return {};
}

}  // namespace eris::planner
