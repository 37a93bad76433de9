// A small history for the journal's tests: the events of a few transactions, numbered as a planner
// would number them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schema/values/event.h"

namespace eris::test {

inline Manifest ManifestWith(const std::string& service) {
  Manifest manifest;
  manifest.targets[TargetName("db")] = Target{.system = SystemName("x86_64-linux")};
  manifest.services[ServiceKey("key-" + service)] =
      Service{.name = ServiceName(service), .type = "echo", .package = StorePath("/s/" + service)};
  manifest.mappings.push_back({.target = TargetName("db"),
                               .container = ContainerName("echo"),
                               .service = ServiceKey("key-" + service),
                               .digest = "d1"});
  return manifest;
}

// Gives events their sequence and a time of one second each.
class History {
 public:
  Event Next(TransactionId transaction, EventBody body) {
    ++sequence_;
    return {.sequence = {sequence_},
            .at = {static_cast<std::int64_t>(sequence_) * 1000},
            .transaction = transaction,
            .body = std::move(body)};
  }

  Event Started(Epoch epoch) { return Next({}, PlannerStarted{epoch}); }
  Event Accepted(TransactionId transaction, const std::string& service) {
    return Next(transaction,
                SubmissionAccepted{{.id = SubmissionId("s" + std::to_string(transaction.value)),
                                    .profile = ProfileName("default"),
                                    .author = "alice",
                                    .action = DeployManifest{ManifestWith(service)}}});
  }
  Event Planned(TransactionId transaction, const std::string& service) {
    TransactionPlanned planned{.plan_hash = std::string(64, 'a'),
                               .plan = {.profile = ProfileName("default")},
                               .next = ManifestWith(service)};
    for (int i = 0; i < 3; ++i) {
      planned.plan.items.push_back({.phase = PlanPhase::kSwitch,
                                    .queue = {.kind = QueueName::Kind::kTarget, .name = "db"},
                                    .body = ActivateItem{{.service_name = ServiceName(service),
                                                          .service = ServiceKey("key-" + service),
                                                          .container = ContainerName("echo"),
                                                          .module = "echo",
                                                          .package = StorePath("/s/" + service)}}});
    }
    planned.plan.summary = {
        .activate = 1, .bounced = 2, .kept = 3, .down = {ServiceName("api"), ServiceName(service)}};
    return Next(transaction, std::move(planned));
  }
  Event Phase(TransactionId transaction, TransactionPhase phase) {
    return Next(transaction, PhaseEntered{.phase = phase});
  }
  Event Published(TransactionId transaction, std::uint32_t items) {
    ItemsPublished published;
    for (std::uint32_t i = 0; i < items; ++i) {
      published.items.push_back({{i}, {Direction::kForward, 1}});
    }
    return Next(transaction, std::move(published));
  }
  Event Settled(TransactionId transaction, ItemIndex item, Verdict verdict) {
    return Next(transaction, ItemSettled{.item = {item, {Direction::kForward, 1}},
                                         .outcome = {.verdict = verdict}});
  }
  Event Committed(TransactionId transaction, GenerationNumber generation) {
    return Next(transaction, GenerationCommitted{ProfileName("default"), generation});
  }
  Event Ended(TransactionId transaction, TransactionResult result) {
    return Next(transaction,
                TransactionEnded{.result = result, .message = "done", .locked_ms = 6000});
  }

  // A whole deployment that commits `generation`.
  std::vector<Event> Deployment(TransactionId transaction, GenerationNumber generation,
                                const std::string& service) {
    return {Accepted(transaction, service),
            Phase(transaction, TransactionPhase::kPreparing),
            Planned(transaction, service),
            Phase(transaction, TransactionPhase::kSwitching),
            Published(transaction, 3),
            Settled(transaction, {0}, Verdict::kSucceeded),
            Settled(transaction, {1}, Verdict::kSucceeded),
            Settled(transaction, {2}, Verdict::kSucceeded),
            Committed(transaction, generation),
            Ended(transaction, TransactionResult::kCommitted)};
  }

 private:
  std::uint64_t sequence_ = 0;
};

}  // namespace eris::test
