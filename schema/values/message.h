// The conversation between clients, planner, broker and workers (design §7), as values.
//
// A message is a header and a body. The broker reads headers, and decodes only bodies for itself;
// all others it forwards verbatim. Several messages travel in one frame (broker/link/frame.h).
//
//   any peer     -> broker   hello; heartbeat
//   broker       -> any peer whoAreYou; welcome; bye; fault; heartbeat
//   planner      -> broker   publish (item)           broker -> planner  receipt, presence
//   broker       -> worker   deliver (item), revoke   worker -> broker   credit
//   worker       -> planner  outcome, progress, vitals   planner -> worker  outcomeAck
//   client       -> broker   submitChunk              broker -> client   submitReply
//   broker       -> planner  submitChunk              planner -> broker  submissionTaken
//   client       -> planner  request                  planner -> client  reply
//   client      <-> worker   stream, inquiry
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/stream.h"
#include "schema/values/vitals.h"
#include "schema/values/work_item.h"

namespace eris {

// ---- limits (design D7): named, and the same for every implementation of the protocol ----
namespace limits {
inline constexpr std::size_t kFrameBytes = 1024 * 1024;  // MAXMSGSIZE
inline constexpr std::size_t kBatchBytes = 256 * 1024;   // target size of a batch frame
inline constexpr std::size_t kBodyBytes = 900 * 1024;    // of one message
inline constexpr std::size_t kChunkBytes = 256 * 1024;   // of a submission or a reply
inline constexpr std::size_t kSubmissionBytes = 256ull * 1024 * 1024;
inline constexpr std::size_t kNameBytes = 255;  // of every name on the wire
inline constexpr std::int64_t kVitalsPauseMs = 5'000;
inline constexpr std::size_t kStreamPieceBytes = 16 * 1024;
inline constexpr std::uint32_t kProtocolVersion = 1;
}  // namespace limits

enum class MessageKind : std::uint16_t {
  kUnspecified,
  kHello,
  kWhoAreYou,
  kWelcome,
  kBye,
  kFault,
  kHeartbeat,
  kPublish,
  kReceipt,
  kPresence,
  kDeliver,
  kRevoke,
  kCredit,
  kOutcome,
  kProgress,
  kOutcomeAck,
  kSubmitChunk,
  kSubmitReply,
  kSubmissionTaken,
  kRequest,
  kReply,
  kVitals,
  kStream,
  kInquiry,
};
std::string_view ToString(MessageKind kind);

// What a client may ask of the planner; each needs a level of its key (design §9).
enum class RequestVerb : std::uint16_t {
  kUnspecified,
  kStatus,
  kWatch,
  kUnwatch,
  kLogs,
  kHistory,
  kGenerations,
  kGetManifest,
  kTargets,  // level: read
  kCancel,
  kAbandon,
  kResume,   // level: deploy
  kGetBase,  // level: read
  kLacking,  // level: deploy
  kAdopt,    // level: admin; answered by the broker
};
std::string_view ToString(RequestVerb verb);

// Read by the broker. Fields that a kind does not use are zero.
struct Header {
  MessageKind kind = MessageKind::kUnspecified;
  // publish, deliver, revoke, credit, outcome*, presence, vitals, stream, inquiry: QueueName text
  std::string queue;
  ItemId item;                  // publish, receipt, deliver, revoke, outcome, progress, outcomeAck
  Epoch epoch;                  // publish, deliver: of the planner
  std::uint64_t body_hash = 0;  // publish, deliver
  // request, reply, submit*, stream, inquiry: the client's session, set by the broker
  SessionId client;
  // request, reply, submit*, inquiry: chosen by the client, echoed. stream: which one
  std::uint64_t request = 0;
  RequestVerb verb = RequestVerb::kUnspecified;  // request
  std::string author;   // request, submitChunk, stream: name of the client's key, by the broker
  EventSequence event;  // publish, deliver: newest of the journal when it was published
  // By the broker: what the client's key may change (requests that change something, inquiries),
  // and which targets it may act on (requests that change something).
  std::vector<std::string> profiles;
  std::vector<std::string> targets;
  bool operator==(const Header&) const = default;
};

struct Message {
  Header header;
  std::string body;  // encoded
  bool operator==(const Message&) const = default;
};

// ---- sessions ----
enum class Role : std::uint8_t { kUnspecified, kPlanner, kWorker, kClient };
std::string_view ToString(Role role);

struct Hello {
  Role role = Role::kUnspecified;
  std::string name;  // for logs; rights come from the key alone
  // Another at each start of the process. A worker counts the starts of its ledger; others draw it.
  std::uint64_t instance = 0;
  std::uint32_t protocol_min = limits::kProtocolVersion;
  std::uint32_t protocol_max = limits::kProtocolVersion;
  std::string software;             // version of Eris
  std::vector<std::string> queues;  // worker: what it serves, QueueName text
  JournalId journal;                // planner: its own; worker: the one it serves (0 = any)
  Epoch epoch;                      // planner: its own; worker: the newest it has seen
  LedgerId ledger;                  // worker
  std::vector<ItemId> in_flight;    // worker: started or queued here
  EventSequence event;              // worker: the newest seen with an item
  TransactionId transaction;  // planner: the last of its journal; worker: the last it has seen
  std::vector<PlannerStart> starts;  // planner: the last ones from its journal, growing
  bool operator==(const Hello&) const = default;
};
struct Welcome {
  std::uint64_t boot = 0;  // random per broker start: another boot has forgotten all items
  Epoch epoch;             // newest planner epoch known, 0 = none yet
  JournalId journal;       // of that planner
  SessionId session;
  std::int64_t heartbeat_ms = 5'000;
  std::uint32_t missed_heartbeats = 3;
  bool operator==(const Welcome&) const = default;
};
enum class ByeReason : std::uint8_t {
  kUnspecified,
  kSuperseded,
  kUnauthorised,
  kProtocol,
  kShutdown,
  kLost,
};
std::string_view ToString(ByeReason reason);
struct Bye {
  ByeReason reason = ByeReason::kUnspecified;
  std::string message;
  JournalPosition seen;  // kSuperseded, of a planner: what is newer than its journal
  bool operator==(const Bye&) const = default;
};
// A message was not acted upon.
struct Fault {
  enum class Code : std::uint8_t {
    kUnspecified,
    kUnimplemented,
    kUnauthorised,
    kInvalid,
    kBusy,
    kUnavailable,
    kFenced,
  };
  Code code = Code::kUnspecified;
  MessageKind of = MessageKind::kUnspecified;
  std::string message;
  std::int64_t retry_after_ms = 0;  // kBusy
  bool operator==(const Fault&) const = default;
};
std::string_view ToString(Fault::Code code);

// ---- items ----
// Absolute: the worker will take up to `items` not yet finished items of a queue.
struct Credit {
  std::uint32_t items = 0;
  bool operator==(const Credit&) const = default;
};
// Credit of the broker to the planner, never safety.
struct Receipt {
  enum class What : std::uint8_t { kQueued, kDuplicate, kFenced, kBusy };
  What what = What::kQueued;
  std::int64_t retry_after_ms = 0;
  bool operator==(const Receipt&) const = default;
};
struct Presence {
  std::string queue;
  enum class State : std::uint8_t { kAbsent, kConnected } state = State::kAbsent;
  std::string worker;  // its name
  std::string software;
  std::vector<std::string> keys;  // public keys of all workers that serve it
  bool operator==(const Presence&) const = default;
};
// An activity is under way; for people only.
struct Progress {
  std::string text;
  bool operator==(const Progress&) const = default;
};
enum class AckScope : std::uint8_t { kJournaled, kUnknownItem };
struct OutcomeAck {
  AckScope scope = AckScope::kJournaled;
  bool operator==(const OutcomeAck&) const = default;
};

// ---- submissions ----
struct SubmitChunk {
  SubmissionId id;
  std::uint64_t total_bytes = 0;
  std::string sha256;  // hex, of the whole encoded submission
  std::uint64_t offset = 0;
  std::string bytes;  // at most limits::kChunkBytes
  bool operator==(const SubmitChunk&) const = default;
};
struct SubmitReply {
  enum class What : std::uint8_t {
    kMore,      // received up to `offset`
    kAccepted,  // synced to disk
    kKnown,     // this id with this content was accepted before
    kRefused,   // another content under this id, or not allowed
    kBusy,
  };
  What what = What::kMore;
  SubmissionId id;
  std::uint64_t offset = 0;
  TransactionId transaction;  // when the planner has made one
  std::string message;
  std::int64_t retry_after_ms = 0;
  bool operator==(const SubmitReply&) const = default;
};
// The planner has journaled it: the spool may forget its content.
struct SubmissionTaken {
  SubmissionId id;
  TransactionId transaction;
  std::string refused;  // not empty: it was not taken, and why
  bool operator==(const SubmissionTaken&) const = default;
};

}  // namespace eris
