// What the broker's spool holds: submissions, from their first chunk until the planner has
// journaled them, and the hashes of used submission ids for as long as retention keeps them (design
// D6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"

namespace eris {

// The next piece of a submission that is being received. Pieces of one id come in order, without
// gaps: `chunk.offset` is the number of bytes stored before. Offset 0 begins it.
struct SpoolChunk {
  std::string author;  // name of the client's key
  SubmitChunk chunk;
  bool operator==(const SpoolChunk&) const = default;
};
// Every piece is there and the hash was verified: from here on it survives everything.
struct SpoolAccepted {
  SubmissionId id;
  std::string sha256;  // hex, of the content
  std::string author;
  bool operator==(const SpoolAccepted&) const = default;
};
// The planner has journaled it (or refused it for good): the content goes, the rest is kept.
struct SpoolTaken {
  SubmissionId id;
  TransactionId transaction;  // 0 when refused, and of an upload
  std::string refused;        // not empty: the planner's reason
  bool operator==(const SpoolTaken&) const = default;
};
// Nothing of it is kept: it was never complete, was withdrawn, or its retention is over.
struct SpoolForgotten {
  SubmissionId id;
  bool operator==(const SpoolForgotten&) const = default;
};
// A planner was served that is newer than all before it: an older one is refused from here on, also
// by a broker that has just been started.
struct SpoolPlanner {
  JournalId journal;
  Epoch epoch;
  bool operator==(const SpoolPlanner&) const = default;
};
// A target's queue was served with this ledger by a worker of this key: another ledger is refused
// from here on, until the key is revoked or the target adopted. Ledger 0: it is known no more.
struct SpoolLedger {
  std::string queue;
  LedgerId ledger;
  std::string public_key;
  bool operator==(const SpoolLedger&) const = default;
};
using SpoolRecord =
    std::variant<SpoolChunk, SpoolAccepted, SpoolTaken, SpoolForgotten, SpoolPlanner, SpoolLedger>;

// The newest planner that was served, of each journal.
using ServedPlanners = std::map<JournalId, Epoch>;

// By queue.
using KnownLedgers = std::map<std::string, SpoolLedger>;

// One submission as the spool knows it, without its content: what recovery starts from.
struct SpooledSubmission {
  enum class Standing : std::uint8_t { kReceiving, kAccepted, kTaken };
  SubmissionId id;
  std::string author;
  std::string sha256;
  std::uint64_t total_bytes = 0;   // of the whole content, as announced
  std::uint64_t stored_bytes = 0;  // of it that are here; 0 once taken
  Standing standing = Standing::kReceiving;
  TransactionId transaction;  // kTaken
  std::string refused;        // kTaken
  bool operator==(const SpooledSubmission&) const = default;
};

// All of them, in the order in which they were accepted; receiving ones last, as they began.
using SpoolContent = std::vector<SpooledSubmission>;

// The only way the content changes. Precondition (a bug otherwise): chunks come in order, and only
// what is whole is accepted, only what was accepted is taken.
void Apply(SpoolContent& content, const SpoolRecord& record);
void Apply(ServedPlanners& planners, const SpoolRecord& record);
void Apply(KnownLedgers& ledgers, const SpoolRecord& record);

// What the quota counts.
std::uint64_t StoredBytes(const SpoolContent& content);

// The bytes of accepted submissions, so that nobody has to keep them in memory.
class SpoolReader {
 public:
  virtual ~SpoolReader() = default;
  // Up to `max_bytes` bytes from `offset`; fewer only at the end. kNotFound when it has none.
  virtual Result<std::string> ReadContent(const SubmissionId& id, std::uint64_t offset,
                                          std::size_t max_bytes) = 0;
};

}  // namespace eris
