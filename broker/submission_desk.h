// Submissions on their way to the planner (design D6): received in chunks, accepted when they are
// whole and allowed, kept until the planner has taken them. It decides what is accepted and what is
// sent on next; the spool makes it durable, and it knows no peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/base/clock.h"
#include "schema/values/key_grant.h"
#include "schema/values/message.h"
#include "schema/values/spool.h"

namespace eris {

struct SubmissionLimits {
  std::uint64_t quota_bytes = 2 * limits::kSubmissionBytes;  // of what waits or is being received
  std::size_t receiving = 64;                                // at a time
  std::size_t remembered = 100'000;                          // ids of taken ones
  Duration idle{600'000};  // a half-received one is forgotten after that
  Duration retry_after{1'000};
};

// The next piece to send to the planner: `bytes` of the content of `id` from `offset`.
struct ForwardPiece {
  SubmissionId id;
  std::string author;
  std::string sha256;
  std::uint64_t total_bytes = 0;
  std::uint64_t offset = 0;
  std::size_t bytes = 0;
  bool operator==(const ForwardPiece&) const = default;
};

// Owned by the broker's core, which appends what it records to the spool before any reply leaves.
//
// Invariants: (1) `accepted` is answered only for content that is whole, has the announced hash and
// is allowed; (2) one id names one content, also after the planner has taken it; (3) every change
// of the spool's content is a record that was applied.
class SubmissionDesk {
 public:
  // Half-received ones of an earlier boot are forgotten: their clients begin again.
  SubmissionDesk(SubmissionLimits limits, SpoolContent content);

  // `grant` is the client's. The reply is to be sent when the records are durable. A chunk without
  // hash and content asks what has become of that submission; anybody may.
  SubmitReply Receive(const KeyGrant& grant, const SubmitChunk& chunk, SteadyTime now);
  // From the planner. Unknown ids are ignored.
  void Taken(const SubmissionTaken& taken);
  void OnTick(SteadyTime now);

  // A planner is there, and knows of nothing: everything accepted is sent from the beginning.
  void RestartForwarding();
  // The next piece, in the order of acceptance; empty when everything was sent. Each call moves on.
  std::optional<ForwardPiece> NextPiece();
  bool HasPiece() const { return !to_send_.empty(); }

  // Records since the last call, already applied here.
  std::vector<SpoolRecord> TakeRecords() { return std::exchange(records_, {}); }
  const SpoolContent& content() const { return content_; }

 private:
  struct Receiving {
    std::string bytes;
    SteadyTime touched;
  };

  const SpooledSubmission* Find(const SubmissionId& id) const;
  void Record(SpoolRecord record);
  void Forget(const SubmissionId& id);
  SubmitReply Tell(const SubmissionId& id) const;
  SubmitReply Begin(const KeyGrant& grant, const SubmitChunk& chunk, SteadyTime now);
  SubmitReply Continue(const KeyGrant& grant, const SubmitChunk& chunk, SteadyTime now);
  SubmitReply Complete(const KeyGrant& grant, const SubmitChunk& chunk);
  void Trim();

  SubmissionLimits limits_;
  SpoolContent content_;
  std::map<SubmissionId, Receiving> receiving_;  // content until it is judged
  std::uint64_t announced_ = 0;                  // total_bytes of what is being received
  std::deque<SubmissionId> to_send_;             // accepted, not yet wholly sent to this planner
  std::uint64_t sent_bytes_ = 0;                 // of the first of them
  std::vector<SpoolRecord> records_;
};

}  // namespace eris
