#include "worker/activity_items.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"
#include "worker/item_rules.h"

namespace eris {
namespace {

using dysnomia::ActivityKind;
using dysnomia::ActivityResult;

ActivityKind KindOf(const ItemBody& body) {
  return std::visit(Overloaded{
                        [](const LockItem&) { return ActivityKind::kLock; },
                        [](const UnlockItem&) { return ActivityKind::kUnlock; },
                        [](const ActivateItem&) { return ActivityKind::kActivate; },
                        [](const DeactivateItem&) { return ActivityKind::kDeactivate; },
                        [](const SnapshotItem& item) {
                          const bool is_base = item.part == SnapshotPart::kBase;
                          return is_base ? ActivityKind::kBase : ActivityKind::kSnapshot;
                        },
                        [](const RestoreItem&) { return ActivityKind::kRestore; },
                        [](const DeleteStateItem&) { return ActivityKind::kDeleteState; },
                        [](const auto&) {
                          ERIS_CHECK(false, "the item runs no activity");
                          return ActivityKind::kActivate;
                        },
                    },
                    body);
}

dysnomia::ActivityRequest RequestOf(const Activity& activity, ActivityKind kind) {
  dysnomia::ActivityRequest request{.kind = kind,
                                    .module = activity.module,
                                    .component = activity.package.text,
                                    .container = activity.container.text};
  for (const Property& property : activity.properties) {
    switch (property.kind) {
      case Property::Kind::kText:
        request.properties[property.name] = property.text;
        break;
      case Property::Kind::kSecret:
        request.properties[property.name] = dysnomia::SecretName{property.text};
        break;
      case Property::Kind::kStructured:
        break;
    }
  }
  return request;
}

bool IsBatch(const ItemBody& body) {
  return std::holds_alternative<LockItem>(body) || std::holds_alternative<UnlockItem>(body);
}

// Whether the activity let its batch go on: a lock that a module does not have is no refusal.
bool Passed(const ItemBody& body, const dysnomia::ActivityOutcome& outcome) {
  return outcome.result == ActivityResult::kSucceeded ||
         (outcome.result == ActivityResult::kUnimplemented && IsBatch(body));
}

Verdict VerdictOf(ActivityResult result) {
  switch (result) {
    case ActivityResult::kSucceeded:
      return Verdict::kSucceeded;
    case ActivityResult::kFailed:
    case ActivityResult::kTimedOut:
      return Verdict::kFailed;
    case ActivityResult::kUnimplemented:
      return Verdict::kUnimplemented;
    case ActivityResult::kStopped:
      return Verdict::kCancelled;
    case ActivityResult::kNotStarted:
      return Verdict::kRefused;
  }
  return Verdict::kUnknown;
}

}  // namespace

std::string AttemptNameOf(const ItemId& id) {
  char text[96];
  const int length = std::snprintf(
      text, sizeof text, "%016llx-%llu-%u-%c%u",
      static_cast<unsigned long long>(id.step.journal.value),
      static_cast<unsigned long long>(id.step.transaction.value), id.step.index.value,
      id.grade.direction == Direction::kForward ? 'f' : 'i', unsigned{id.grade.attempt});
  return {text, static_cast<std::size_t>(length)};
}

dysnomia::ActivityRequest StatusRequestFor(const Activity& activity) {
  return RequestOf(activity, ActivityKind::kStatus);
}

dysnomia::AttemptRequest RequestFor(const ItemBody& body, Repeat repeat,
                                    const ActivitiesOfModule& implemented) {
  const ActivityKind kind = KindOf(body);
  dysnomia::AttemptRequest request;
  for (const Activity* activity : ActivitiesOf(body)) {
    const dysnomia::ActivitySet activities = implemented(activity->module);
    if (IsBatch(body) && !activities.Contains(kind)) continue;
    if (kind == ActivityKind::kLock && repeat == Repeat::kAgain) {
      request.activities.push_back(RequestOf(*activity, ActivityKind::kUnlock));
    }
    request.activities.push_back(RequestOf(*activity, kind));
  }
  const auto* snapshot = std::get_if<SnapshotItem>(&body);
  if (snapshot != nullptr && !snapshot->base.empty()) {
    request.activities.front().properties[std::string(dysnomia::kBaseVariable)] =
        snapshot->base.substr(snapshot->base.rfind('/') + 1);
  }
  return request;
}

Outcome OutcomeFor(const ItemBody& body, const dysnomia::AttemptRequest& request,
                   const dysnomia::AttemptOutcome& attempt) {
  Outcome outcome{.verdict = Verdict::kSucceeded};
  const auto stopped =
      std::find_if(attempt.activities.begin(), attempt.activities.end(),
                   [&](const dysnomia::ActivityOutcome& one) { return !Passed(body, one); });
  if (stopped != attempt.activities.end()) {
    ERIS_CHECK(attempt.activities.size() <= request.activities.size(),
               "an outcome belongs to a request");
    outcome.verdict = VerdictOf(stopped->result);
    // What the batch did before has taken effect.
    const bool is_first = stopped == attempt.activities.begin();
    if (outcome.verdict == Verdict::kRefused && !is_first) outcome.verdict = Verdict::kFailed;
    outcome.message = stopped->message;
    outcome.log_tail = stopped->tail;
  } else if (attempt.activities.size() < request.activities.size()) {
    outcome = {.verdict = Verdict::kUnknown, .message = "the batch ended early"};
  } else if (!attempt.activities.empty()) {
    outcome.log_tail = attempt.activities.back().tail;
  }
  return outcome;
}

}  // namespace eris
