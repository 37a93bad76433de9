#include "broker/submission_desk.h"

#include <algorithm>
#include <utility>

#include "broker/authorise.h"
#include "schema/base/digest.h"
#include "schema/codec/codec.h"

namespace eris {
namespace {

using Standing = SpooledSubmission::Standing;
using What = SubmitReply::What;

SubmitReply Wanted(const SubmissionId& id, std::uint64_t offset) {
  return {.what = What::kMore, .id = id, .offset = offset};
}
SubmitReply Refused(const SubmissionId& id, std::string why) {
  return {.what = What::kRefused, .id = id, .message = std::move(why)};
}

SubmitReply AnswerFor(const SpooledSubmission& known) {
  if (!known.refused.empty()) return Refused(known.id, known.refused);
  return {.what = What::kKnown,
          .id = known.id,
          .offset = known.total_bytes,
          .transaction = known.transaction};
}

// What there is to say about an id whose content was accepted before.
SubmitReply Repeated(const SpooledSubmission& known, const KeyGrant& grant,
                     const SubmitChunk& chunk) {
  if (known.sha256 != chunk.sha256 || known.author != grant.name) {
    return Refused(chunk.id, "submission id '" + chunk.id.text + "' was used for something else");
  }
  return AnswerFor(known);
}

// Whether the whole content may become a transaction.
Status Judge(const KeyGrant& grant, const SubmitChunk& last, std::string_view content) {
  if (Hex(Sha256(content)) != last.sha256) {
    return Fail(ErrorCode::kInvalid, "the content has another hash than was announced");
  }
  ERIS_ASSIGN(const Submission submission, Decode<Submission>(content));
  if (submission.id != last.id) {
    return Fail(ErrorCode::kInvalid, "the content names another submission id");
  }
  return AuthoriseSubmission(grant, submission);
}

}  // namespace

SubmissionDesk::SubmissionDesk(SubmissionLimits limits, SpoolContent content)
    : limits_(limits), content_(std::move(content)) {
  std::vector<SubmissionId> partial;
  for (const SpooledSubmission& entry : content_) {
    if (entry.standing == Standing::kReceiving) partial.push_back(entry.id);
  }
  for (const SubmissionId& id : partial) Record(SpoolForgotten{id});
  RestartForwarding();
}

SubmitReply SubmissionDesk::Receive(const KeyGrant& grant, const SubmitChunk& chunk,
                                    SteadyTime now) {
  const bool is_inquiry = !chunk.id.empty() && chunk.sha256.empty() && chunk.bytes.empty();
  if (is_inquiry) return Tell(chunk.id);
  if (grant.level < KeyLevel::kDeploy) {
    return Refused(chunk.id, "key '" + grant.name + "' may not submit: it needs level deploy");
  }
  if (chunk.id.empty() || chunk.bytes.empty()) {
    return Refused(chunk.id, "a chunk needs a submission id and content");
  }
  const SpooledSubmission* known = Find(chunk.id);
  if (known == nullptr) return Begin(grant, chunk, now);
  if (known->standing != Standing::kReceiving) return Repeated(*known, grant, chunk);
  if (known->author != grant.name) {
    return Refused(chunk.id, "submission id '" + chunk.id.text + "' is being used by another key");
  }
  if (known->sha256 != chunk.sha256 || known->total_bytes != chunk.total_bytes) {
    Forget(chunk.id);  // the client has changed its mind
    return Begin(grant, chunk, now);
  }
  return Continue(grant, chunk, now);
}

SubmitReply SubmissionDesk::Tell(const SubmissionId& id) const {
  const SpooledSubmission* known = Find(id);
  const bool is_accepted = known != nullptr && known->standing != Standing::kReceiving;
  return is_accepted ? AnswerFor(*known) : Wanted(id, 0);
}

SubmitReply SubmissionDesk::Begin(const KeyGrant& grant, const SubmitChunk& chunk, SteadyTime now) {
  if (chunk.offset != 0) return Wanted(chunk.id, 0);
  std::uint64_t waiting = 0;
  for (const SpooledSubmission& entry : content_) {
    if (entry.standing == Standing::kAccepted) waiting += entry.total_bytes;
  }
  if (receiving_.size() >= limits_.receiving ||
      waiting + announced_ + chunk.total_bytes > limits_.quota_bytes) {
    return {.what = What::kBusy,
            .id = chunk.id,
            .message = "too many submissions wait",
            .retry_after_ms = limits_.retry_after.count()};
  }
  announced_ += chunk.total_bytes;
  receiving_[chunk.id] = {};
  return Continue(grant, chunk, now);
}

SubmitReply SubmissionDesk::Continue(const KeyGrant& grant, const SubmitChunk& chunk,
                                     SteadyTime now) {
  Receiving& receiving = receiving_.at(chunk.id);
  receiving.touched = now;
  // A gap or a repetition: the client goes on from where the content ends.
  if (chunk.offset != receiving.bytes.size()) return Wanted(chunk.id, receiving.bytes.size());
  receiving.bytes += chunk.bytes;
  Record(SpoolChunk{.author = grant.name, .chunk = chunk});
  if (receiving.bytes.size() < chunk.total_bytes) return Wanted(chunk.id, receiving.bytes.size());
  return Complete(grant, chunk);
}

SubmitReply SubmissionDesk::Complete(const KeyGrant& grant, const SubmitChunk& chunk) {
  if (const Status judged = Judge(grant, chunk, receiving_.at(chunk.id).bytes); !judged) {
    Forget(chunk.id);
    return Refused(chunk.id, judged.error().message);
  }
  announced_ -= chunk.total_bytes;
  receiving_.erase(chunk.id);
  Record(SpoolAccepted{.id = chunk.id, .sha256 = chunk.sha256, .author = grant.name});
  to_send_.push_back(chunk.id);
  return {.what = What::kAccepted, .id = chunk.id, .offset = chunk.total_bytes};
}

void SubmissionDesk::Taken(const SubmissionTaken& taken) {
  const SpooledSubmission* known = Find(taken.id);
  if (known == nullptr || known->standing != Standing::kAccepted) return;
  if (!to_send_.empty() && to_send_.front() == taken.id) sent_bytes_ = 0;
  std::erase(to_send_, taken.id);
  Record(SpoolTaken{.id = taken.id, .transaction = taken.transaction, .refused = taken.refused});
  Trim();
}

// The oldest ids go first.
void SubmissionDesk::Trim() {
  const auto is_taken = [](const SpooledSubmission& entry) {
    return entry.standing == Standing::kTaken;
  };
  if (content_.size() <= limits_.remembered) return;
  const auto oldest = std::find_if(content_.begin(), content_.end(), is_taken);
  if (oldest != content_.end()) Record(SpoolForgotten{oldest->id});
}

void SubmissionDesk::OnTick(SteadyTime now) {
  std::vector<SubmissionId> idle;
  for (const auto& [id, receiving] : receiving_) {
    if (now - receiving.touched >= limits_.idle) idle.push_back(id);
  }
  for (const SubmissionId& id : idle) Forget(id);
}

void SubmissionDesk::RestartForwarding() {
  to_send_.clear();
  sent_bytes_ = 0;
  for (const SpooledSubmission& entry : content_) {
    if (entry.standing == Standing::kAccepted) to_send_.push_back(entry.id);
  }
}

std::optional<ForwardPiece> SubmissionDesk::NextPiece() {
  if (to_send_.empty()) return std::nullopt;
  const SpooledSubmission& entry = *Find(to_send_.front());
  ForwardPiece piece{.id = entry.id,
                     .author = entry.author,
                     .sha256 = entry.sha256,
                     .total_bytes = entry.total_bytes,
                     .offset = sent_bytes_};
  piece.bytes = std::min<std::uint64_t>(limits::kChunkBytes, entry.total_bytes - sent_bytes_);
  sent_bytes_ += piece.bytes;
  if (sent_bytes_ == entry.total_bytes) {
    to_send_.pop_front();
    sent_bytes_ = 0;
  }
  return piece;
}

const SpooledSubmission* SubmissionDesk::Find(const SubmissionId& id) const {
  const auto found = std::find_if(content_.begin(), content_.end(),
                                  [&id](const SpooledSubmission& entry) { return entry.id == id; });
  return found == content_.end() ? nullptr : &*found;
}

void SubmissionDesk::Record(SpoolRecord record) {
  Apply(content_, record);
  records_.push_back(std::move(record));
}

void SubmissionDesk::Forget(const SubmissionId& id) {
  announced_ -= Find(id)->total_bytes;
  receiving_.erase(id);
  Record(SpoolForgotten{id});
}

}  // namespace eris
