// Between the coordinator's values and the protocol's messages: which message an effect is, and
// which input a message. Decodes what comes from the network; what it means is the coordinator's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "planner/coordinator.h"
#include "planner/effect.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/message.h"

namespace eris::planner {

// The message that carries the effect out; nothing for those that do not leave the process.
std::optional<Message> ToMessage(const Effect& effect);

// Hands messages of the broker to a coordinator, and puts submissions together from their chunks.
// Owned by whoever owns the coordinator (daemon, simulator); lives and dies with its epoch.
//
// Limits: one submission at a time is received, as the broker sends them; it is at most
// limits::kSubmissionBytes long.
class Intake {
 public:
  using OnSubmission = std::function<void(Submission submission, Now now)>;

  // Whole submissions go to `on_submission` when it is given, else to the coordinator.
  explicit Intake(Coordinator& coordinator, OnSubmission on_submission = nullptr)
      : coordinator_(coordinator), on_submission_(std::move(on_submission)) {}

  // The broker has begun anew, so it sends submissions from their beginnings.
  void OnEstablished(const Welcome& welcome, Now now);
  // All but the session's own. An error: the message was dropped, and why; for the log.
  Status OnMessage(const Message& message, Now now);

 private:
  struct Receiving {
    SubmissionId id;
    std::string sha256;
    std::uint64_t total_bytes = 0;
    std::string bytes;
  };

  Status OnChunk(const Message& message, Now now);
  Status OnFault(const Message& message, Now now);

  Coordinator& coordinator_;
  OnSubmission on_submission_;
  std::optional<Receiving> receiving_;
};

}  // namespace eris::planner
