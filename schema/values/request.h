// What clients ask of the planner and what it answers (message kinds request and reply).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schema/base/choice.h"
#include "schema/base/error.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"
#include "schema/values/work_item.h"

namespace eris {

namespace limits {
inline constexpr std::size_t kLackingPaths = 3'000;  // of one request
}

// Names a transaction by number or by the submission that made it.
struct TransactionRef {
  TransactionId transaction;
  SubmissionId submission;
  bool operator==(const TransactionRef&) const = default;
};
struct Request {
  TransactionRef transaction;    // status (0 = all open and the last ones), watch, logs, cancel …
  ProfileName profile;           // generations, getManifest, getBase, status, history
  GenerationNumber generation;   // getManifest; 0 = the newest
  EventSequence from;            // watch, history: first event wanted; 0: history's newest ones
  ItemIndex item{UINT32_MAX};    // logs: UINT32_MAX = all
  TargetName target;             // abandon, adopt
  std::uint32_t limit = 0;       // history; 0 = default
  std::string reason;            // cancel
  Until until = Until::kEnd;     // resume: where to stop next
  std::vector<StorePath> paths;  // lacking
  bool operator==(const Request&) const = default;
};

// What people see of an item.
struct ItemOutline {
  ItemIndex index;
  PlanPhase phase = PlanPhase::kPrepare;
  std::string verb;
  std::string queue;
  std::string subject;  // service, or what else the item is about
  bool has_inverse = false;
  bool operator==(const ItemOutline&) const = default;
};
struct TransactionStatus {
  TransactionId transaction;
  SubmissionId submission;
  ProfileName profile;
  std::string author;
  std::string action;  // "deploy", "rollback" …
  TransactionPhase phase = TransactionPhase::kSubmitted;
  std::optional<TransactionResult> result;
  std::string message;
  std::string plan_hash;
  GenerationNumber generation;  // committed as
  PlanSummary summary;
  std::uint32_t items_total = 0;
  std::uint32_t items_done = 0;
  WallTime submitted_at;
  WallTime ended_at;
  std::int64_t locked_ms = 0;            // once it has ended: see TransactionEnded
  std::vector<std::string> waiting_for;  // one line each: what it waits for, and since when
  bool is_paused = false;                // until somebody resumes or cancels it
  bool operator==(const TransactionStatus&) const = default;
};
struct StatusReply {
  std::vector<TransactionStatus> transactions;
  bool operator==(const StatusReply&) const = default;
};
struct OutlineReply {  // begins a watch; several when the plan is large
  TransactionId transaction;
  std::vector<ItemOutline> items;
  bool operator==(const OutlineReply&) const = default;
};
struct EventsReply {  // events in light form: without manifest and plan
  std::vector<Event> events;
  bool operator==(const EventsReply&) const = default;
};
struct GenerationInfo {
  ProfileName profile;
  GenerationNumber generation;
  TransactionId transaction;
  WallTime committed_at;
  std::string author;
  std::uint32_t mappings = 0;
  std::uint32_t targets = 0;
  enum class Standing : std::uint8_t { kOld, kCurrent } standing = Standing::kOld;
  bool operator==(const GenerationInfo&) const = default;
};
struct GenerationsReply {
  std::vector<GenerationInfo> generations;
  bool operator==(const GenerationsReply&) const = default;
};
struct ManifestReply {          // an encoded Manifest in chunks
  GenerationNumber generation;  // 0 = there is none
  std::uint64_t total_bytes = 0;
  std::uint64_t offset = 0;
  std::string bytes;
  bool operator==(const ManifestReply&) const = default;
};
struct TargetInfo {
  std::string queue;
  Presence::State state = Presence::State::kAbsent;
  std::string worker;
  std::string software;
  WallTime since;
  TransactionId leased_by;
  std::uint32_t items_in_flight = 0;
  std::optional<Vitals> vitals;  // the last that were heard
  WallTime vitals_at;
  std::vector<std::string> waiting_for;  // what is out there, or waits for it; one line each
  bool operator==(const TargetInfo&) const = default;
};
struct TargetsReply {
  std::vector<TargetInfo> targets;
  bool operator==(const TargetsReply&) const = default;
};
struct LogEntry {
  ItemOutline item;
  Grade grade;
  Outcome outcome;
  bool operator==(const LogEntry&) const = default;
};
struct LogsReply {
  std::vector<LogEntry> entries;
  bool operator==(const LogsReply&) const = default;
};
struct DoneReply {
  TransactionId transaction;
  std::string message;
  bool operator==(const DoneReply&) const = default;
};
struct LackingReply {
  std::vector<StorePath> paths;
  bool operator==(const LackingReply&) const = default;
};
struct ErrorReply {
  Error error;
  bool operator==(const ErrorReply&) const = default;
};
class ReplyBody
    : public std::variant<StatusReply, OutlineReply, EventsReply, GenerationsReply, ManifestReply,
                          TargetsReply, LogsReply, DoneReply, ErrorReply, LackingReply> {
  ERIS_CHOICE(ReplyBody)
};

enum class More : std::uint8_t { kLast, kMoreFollows };
struct Reply {
  More more = More::kLast;
  ReplyBody body;
  bool operator==(const Reply&) const = default;
};

}  // namespace eris
