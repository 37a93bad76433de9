// What the coordinator wants done once its events are durable. Values; performed by the daemon's
// shell and by the simulator.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/message.h"
#include "schema/values/request.h"
#include "schema/values/work_item.h"

namespace eris::planner {

// Dropped while the broker is away: everything that is out is published again on its welcome.
struct PublishItem {
  std::string queue;
  WorkItem item;  // body_hash is computed by whoever encodes it
  bool operator==(const PublishItem&) const = default;
};
struct AcknowledgeOutcome {
  std::string queue;
  ItemId item;
  AckScope scope = AckScope::kJournaled;
  bool operator==(const AcknowledgeOutcome&) const = default;
};
struct ConfirmSubmission {
  SubmissionTaken taken;
  bool operator==(const ConfirmSubmission&) const = default;
};
struct SendReply {
  SessionId client;
  std::uint64_t request = 0;
  Reply reply;
  bool operator==(const SendReply&) const = default;
};
// This planner must not go on: another one is newer.
struct StopPlanner {
  Error error;
  bool operator==(const StopPlanner&) const = default;
};

using Effect =
    std::variant<PublishItem, AcknowledgeOutcome, ConfirmSubmission, SendReply, StopPlanner>;

}  // namespace eris::planner
