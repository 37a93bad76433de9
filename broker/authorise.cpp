#include "broker/authorise.h"

#include <algorithm>
#include <variant>

#include "schema/base/overloaded.h"

namespace eris {
namespace {

KeyLevel LevelOf(const Submission& submission) {
  const KeyLevel options =
      submission.options.old_state == OldState::kDelete ? KeyLevel::kState : KeyLevel::kDeploy;
  const KeyLevel action = std::visit(
      Overloaded{[](const Operate& operate) {
                   const auto* collect = std::get_if<CollectItem>(&operate.body);
                   const bool is_of_snapshots =
                       collect != nullptr && collect->scope == CollectItem::Scope::kSnapshots;
                   const bool is_collect = collect != nullptr && !is_of_snapshots;
                   // What a target brings is believed: a name tells nothing of the content.
                   const auto* transfer = std::get_if<TransferItem>(&operate.body);
                   const bool is_brought =
                       transfer != nullptr && transfer->way == TransferItem::Way::kFromTarget;
                   if (is_collect || is_brought || operate.takes_over) return KeyLevel::kAdmin;
                   const bool is_about_state =
                       is_of_snapshots || std::holds_alternative<SnapshotItem>(operate.body);
                   return is_about_state ? KeyLevel::kState : KeyLevel::kDeploy;
                 },
                 [](const StateOperation&) { return KeyLevel::kState; },
                 [](const auto&) { return KeyLevel::kDeploy; }},
      submission.action);
  return std::max(options, action);
}

Error NotAllowed(const KeyGrant& grant, std::string what) {
  return {.code = ErrorCode::kInvalid,
          .message = "key '" + grant.name + "' may not " + std::move(what),
          .fix = "ask an administrator for `eris key authorize`"};
}

Status CheckTargets(const KeyGrant& grant, const SubmissionAction& action) {
  std::vector<TargetName> targets;
  if (const auto* deploy = std::get_if<DeployManifest>(&action)) {
    for (const Mapping& mapping : deploy->manifest.mappings) targets.push_back(mapping.target);
  } else if (const auto* adopt = std::get_if<AdoptManifest>(&action)) {
    for (const auto& [target, profile] : adopt->manifest.profiles) targets.push_back(target);
  } else if (const auto* operate = std::get_if<Operate>(&action)) {
    targets = operate->targets;
    // It has snapshots of all of them.
    if (operate->depot != WithDepot::kWithout && !Covers(grant.targets, "*")) {
      return Fail(NotAllowed(grant, "clean the depot, which is all targets'"));
    }
  } else if (const auto* work = std::get_if<StateOperation>(&action)) {
    targets = work->which.targets;
  }
  for (const TargetName& target : targets) {
    if (!Covers(grant.targets, target.text)) {
      return Fail(NotAllowed(grant, "act on target '" + target.text + "'"));
    }
  }
  return {};
}

// Unlike other operations it is never meant for all targets.
Status CheckDiagnosis(const KeyGrant& grant, const SubmissionAction& action) {
  const auto* operate = std::get_if<Operate>(&action);
  if (operate == nullptr || !std::holds_alternative<DiagnoseItem>(operate->body)) return {};
  if (operate->targets.empty()) return Fail(NotAllowed(grant, "diagnose all targets at once"));
  for (const TargetName& target : operate->targets) {
    if (MayDiagnose(grant, {.kind = QueueName::Kind::kTarget, .name = target.text})) continue;
    Error error = NotAllowed(grant, "diagnose on target '" + target.text + "'");
    error.fix = "ask an administrator for `eris key authorize --diagnose " + target.text + "`";
    return Fail(std::move(error));
  }
  return {};
}

}  // namespace

bool RoleMaySend(Role role, MessageKind kind) {
  switch (kind) {
    case MessageKind::kHello:
    case MessageKind::kHeartbeat:
      return true;
    case MessageKind::kPublish:
    case MessageKind::kRevoke:
    case MessageKind::kOutcomeAck:
    case MessageKind::kSubmissionTaken:
    case MessageKind::kReply:
      return role == Role::kPlanner;
    case MessageKind::kCredit:
    case MessageKind::kOutcome:
    case MessageKind::kProgress:
    case MessageKind::kVitals:
      return role == Role::kWorker;
    case MessageKind::kSubmitChunk:
    case MessageKind::kRequest:
      return role == Role::kClient;
    case MessageKind::kStream:
    case MessageKind::kInquiry:
      return role == Role::kClient || role == Role::kWorker;
    case MessageKind::kUnspecified:
    case MessageKind::kWhoAreYou:
    case MessageKind::kWelcome:
    case MessageKind::kBye:
    case MessageKind::kFault:
    case MessageKind::kReceipt:
    case MessageKind::kPresence:
    case MessageKind::kDeliver:
    case MessageKind::kSubmitReply:
      return false;
  }
  return false;
}

std::optional<KeyLevel> LevelOf(RequestVerb verb) {
  switch (verb) {
    case RequestVerb::kUnspecified:
      return std::nullopt;
    case RequestVerb::kStatus:
    case RequestVerb::kWatch:
    case RequestVerb::kUnwatch:
    case RequestVerb::kLogs:
    case RequestVerb::kHistory:
    case RequestVerb::kGenerations:
    case RequestVerb::kGetManifest:
    case RequestVerb::kGetBase:
    case RequestVerb::kTargets:
      return KeyLevel::kRead;
    case RequestVerb::kCancel:
    case RequestVerb::kAbandon:
    case RequestVerb::kResume:
    case RequestVerb::kLacking:
      return KeyLevel::kDeploy;
    case RequestVerb::kAdopt:
      return KeyLevel::kAdmin;
  }
  return std::nullopt;
}

Status AuthoriseHello(const KeyGrant& grant, const Hello& hello) {
  if (grant.role != hello.role) {
    return Fail(NotAllowed(grant, "be a " + std::string(ToString(hello.role))));
  }
  if (hello.role != Role::kWorker) return {};
  for (const std::string& queue : hello.queues) {
    // Exact, no wildcard: nobody acts for a target that its key does not name.
    if (std::find(grant.queues.begin(), grant.queues.end(), queue) == grant.queues.end()) {
      return Fail(NotAllowed(grant, "serve '" + queue + "'"));
    }
  }
  return {};
}

bool MayDiagnose(const KeyGrant& grant, const QueueName& queue) {
  return queue.kind == QueueName::Kind::kTarget && Covers(grant.diagnose, queue.name);
}

bool MayInquire(const KeyGrant& grant, const QueueName& queue) {
  return queue.kind == QueueName::Kind::kTarget && grant.level >= KeyLevel::kDeploy &&
         Covers(grant.targets, queue.name);
}

Status AuthoriseSubmission(const KeyGrant& grant, const Submission& submission) {
  const KeyLevel needed = LevelOf(submission);
  if (grant.level < needed) {
    return Fail(NotAllowed(grant, "do that: it needs level " + std::string(ToString(needed))));
  }
  if (!Covers(grant.profiles, submission.profile.text)) {
    return Fail(NotAllowed(grant, "change profile '" + submission.profile.text + "'"));
  }
  ERIS_TRY(CheckDiagnosis(grant, submission.action));
  return CheckTargets(grant, submission.action);
}

}  // namespace eris
