#include "planner/content.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "planner/doubt.h"
#include "planner/plan/diff.h"
#include "planner/plan/left_out.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "planner/plan/repair.h"
#include "planner/state_content.h"
#include "schema/codec/codec.h"

namespace eris::planner {
namespace {

constexpr int kMaxRetryChain = 100;

// What the transaction was asked to do, without manifests; nothing when retention has taken it.
Result<std::optional<SubmissionAction>> ActionOf(TransactionId transaction,
                                                 JournalReader& journal) {
  ERIS_ASSIGN(const std::vector<Event> events,
              journal.ReadEvents({.from = {1}, .limit = 1, .transaction = transaction}));
  if (events.empty()) return std::optional<SubmissionAction>{};
  const auto* accepted = std::get_if<SubmissionAccepted>(&events.front().body);
  if (accepted == nullptr) return std::optional<SubmissionAction>{};
  return std::optional(accepted->submission.action);
}

// The same, with "once more" replaced by what is done once more.
Result<std::optional<SubmissionAction>> RealActionOf(TransactionId transaction,
                                                     JournalReader& journal) {
  for (int i = 0; i < kMaxRetryChain; ++i) {
    ERIS_ASSIGN(std::optional<SubmissionAction> action, ActionOf(transaction, journal));
    const auto* retry = action ? std::get_if<RetryTransaction>(&*action) : nullptr;
    if (retry == nullptr) return action;
    transaction = retry->of;
  }
  return Fail(ErrorCode::kInvalid, "too many retries of retries", "submit it anew");
}

// By position in `generations`: the number of the generation that first had the same content.
Result<std::vector<GenerationNumber>> ContentsOf(const std::vector<GenerationInfo>& generations,
                                                 JournalReader& journal) {
  std::vector<GenerationNumber> contents;
  const auto content_at = [&](GenerationNumber number) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < contents.size(); ++i) {
      if (generations[i].generation == number) return i;
    }
    return std::nullopt;
  };
  for (const GenerationInfo& info : generations) {
    GenerationNumber content = info.generation;
    ERIS_ASSIGN(const std::optional<SubmissionAction> action,
                RealActionOf(info.transaction, journal));
    if (const auto* rollback = action ? std::get_if<RollbackTo>(&*action) : nullptr) {
      if (rollback->to) {
        if (const auto to = content_at(rollback->to)) content = contents[*to];
      } else if (!contents.empty()) {
        const auto running = content_at(contents.back());
        if (running && *running > 0) content = contents[*running - 1];
      }
    }
    contents.push_back(content);
  }
  return contents;
}

Result<Submission> ResolveRetries(Submission submission, JournalReader& journal) {
  for (int i = 0; i < kMaxRetryChain; ++i) {
    const auto* retry = std::get_if<RetryTransaction>(&submission.action);
    if (retry == nullptr) return submission;
    const TransactionId of = retry->of;
    Result<Submission> original = journal.LoadSubmission(of);
    if (!original) {
      return Fail(std::move(original.error()).In("transaction " + std::to_string(of.value)));
    }
    if (std::holds_alternative<Operate>(original->action) ||
        std::holds_alternative<StateOperation>(original->action) ||
        std::holds_alternative<DeleteGenerations>(original->action)) {
      return Fail(ErrorCode::kInvalid,
                  "transaction " + std::to_string(of.value) + " is no deployment",
                  "give its command again");
    }
    if (original->profile != submission.profile) {
      return Fail(
          ErrorCode::kInvalid,
          "transaction " + std::to_string(of.value) + " is of profile " + original->profile.text,
          "name that profile");
    }
    submission.action = std::move(original->action);
  }
  return Fail(ErrorCode::kInvalid, "too many retries of retries", "submit it anew");
}

// The manifest that the action asks for; `base` is null when nothing is deployed.
Result<Manifest> NextManifest(Submission& submission, GenerationNumber current,
                              const Manifest* base, JournalReader& journal) {
  if (auto* deploy = std::get_if<DeployManifest>(&submission.action)) {
    return std::move(deploy->manifest);
  }
  if (auto* adopt = std::get_if<AdoptManifest>(&submission.action)) {
    return std::move(adopt->manifest);
  }
  if (const auto* rollback = std::get_if<RollbackTo>(&submission.action)) {
    GenerationNumber to = rollback->to;
    if (!to) {
      ERIS_ASSIGN(to, GenerationBefore(submission.profile, current, journal));
    }
    return journal.LoadManifest(submission.profile, to);
  }
  // It leaves what runs as it is.
  if (std::holds_alternative<StateOperation>(submission.action) && base != nullptr) return *base;
  return base == nullptr ? Manifest{} : UndeployedManifest(*base);
}

// What transactions that were given up may have left otherwise than the newest generation says.
Status DoubtBase(const ProfileName& profile, GenerationNumber current, JournalReader& journal,
                 std::optional<Manifest>& base) {
  ERIS_ASSIGN(std::vector<GivenUp> all, GivenUpSince(profile, current, journal));
  const std::optional<Manifest> committed = base;
  for (GivenUp& given_up : all) {
    Manifest meant;
    Result<Submission> submission = ResolveRetries(std::move(given_up.submission), journal);
    if (submission) {
      const Manifest* before = committed ? &*committed : nullptr;
      Result<Manifest> manifest = NextManifest(*submission, current, before, journal);
      if (manifest) meant = *std::move(manifest);
    }
    if (!base) base.emplace();
    ERIS_TRY(PutInDoubt(given_up.transaction, meant, journal, *base));
  }
  return {};
}

// What targets run otherwise than the newest generation says, as the submission tells it.
Result<std::set<MappingPlace>> RepairBase(const Submission& submission,
                                          std::optional<Manifest>& base, JournalReader& journal) {
  constexpr std::size_t kMostGenerations = 100;
  const std::vector<Repair>& repairs = submission.options.repair;
  if (repairs.empty()) return std::set<MappingPlace>{};
  if (!base) {
    return Fail(ErrorCode::kInvalid,
                "profile " + submission.profile.text + " has no generation: nothing to repair");
  }
  const LookUpMapping look_up = [&](const Repair& foreign) -> Result<std::optional<KnownMapping>> {
    ERIS_ASSIGN(const std::vector<GenerationInfo> generations,
                journal.LoadGenerations(submission.profile));
    std::size_t left = kMostGenerations;
    for (auto info = generations.rbegin(); info != generations.rend() && left > 0; ++info, --left) {
      ERIS_ASSIGN(const Manifest manifest,
                  journal.LoadManifest(submission.profile, info->generation));
      if (auto known = FindMapping(manifest, foreign)) return known;
    }
    return std::optional<KnownMapping>{};
  };
  return ApplyRepairs(repairs, look_up, *base);
}

// An item travels in one message: one that does not fit would never arrive.
Status CheckSizes(const Plan& plan) {
  const auto check = [](const PlanItem& item, const ItemBody& body) -> Status {
    const std::size_t bytes = Encode(WorkItem{.body = body}).size();
    if (bytes <= limits::kBodyBytes) return {};
    return Fail(ErrorCode::kInvalid,
                DescribeItem(body) + " on " + item.queue.name + ": the item takes " +
                    std::to_string(bytes) + " bytes, a message holds " +
                    std::to_string(limits::kBodyBytes),
                "make the properties of that container or service smaller: files belong into "
                "packages");
  };
  for (const PlanItem& item : plan.items) {
    ERIS_TRY(check(item, item.body));
    if (item.inverse) ERIS_TRY(check(item, *item.inverse));
  }
  return {};
}

// What is wanted, without what the options leave out of it. Returns who is left out.
Result<std::vector<TargetName>> LeaveOutAbsent(const DeployOptions& options,
                                               std::span<const TargetName> absent,
                                               const Manifest* base, Manifest& next) {
  if (options.target_offline != TargetOffline::kSkip || absent.empty()) {
    return std::vector<TargetName>{};
  }
  ERIS_ASSIGN(next, LeaveOut(absent, base, std::move(next)));
  return std::vector<TargetName>(absent.begin(), absent.end());
}

// A target that has nothing to do needs not be there.
Status CheckPresence(const DeployOptions& options, std::span<const TargetName> absent,
                     const Plan& plan) {
  if (options.target_offline != TargetOffline::kFail) return {};
  for (const PlanItem& item : plan.items) {
    if (item.queue.kind != QueueName::Kind::kTarget) continue;
    if (!std::binary_search(absent.begin(), absent.end(), TargetName(item.queue.name))) continue;
    return Fail(ErrorCode::kUnavailable, "target " + item.queue.name + " is not connected",
                "start its worker; or deploy with --target-offline=wait or skip");
  }
  return {};
}

// The current generation, if there is one.
struct Ground {
  GenerationNumber current;
  std::optional<Manifest> base;
};

// The plan from what is there to `content.next`, which loses what is left out.
Status PlanMove(const Submission& submission, Ground ground, std::span<const TargetName> absent,
                JournalReader& journal, PlannedContent& content) {
  const GenerationNumber current = ground.current;
  std::optional<Manifest> base = std::move(ground.base);
  ERIS_TRY(DoubtBase(submission.profile, current, journal, base));
  ERIS_ASSIGN(std::set<MappingPlace> down, RepairBase(submission, base, journal));
  const Manifest* before = base ? &*base : nullptr;
  ERIS_ASSIGN(std::vector<TargetName> left_out,
              LeaveOutAbsent(submission.options, absent, before, content.next));
  ERIS_ASSIGN(content.plan, MakePlan({.profile = submission.profile,
                                      .base_generation = current,
                                      .base = before,
                                      .next = content.next,
                                      .options = PlanOptionsOf(submission.options),
                                      .left_out = std::move(left_out),
                                      .down = std::move(down)}));
  return CheckPresence(submission.options, absent, content.plan);
}

Result<PlannedContent> PlanOperation(const Submission& submission, const Operate& operate,
                                     GenerationNumber current, JournalReader& journal) {
  PlannedContent content;
  if (const auto* snapshot = std::get_if<SnapshotItem>(&operate.body)) {
    const StateOperation backup{.job = StateOperation::Job::kSnapshot,
                                .which = {.service = snapshot->activity.service_name,
                                          .container = snapshot->activity.container,
                                          .component = snapshot->activity.component,
                                          .targets = operate.targets}};
    ERIS_ASSIGN(content.plan, PlanStateWork(submission, backup, current, journal));
    content.plan_hash = PlanHash(content.plan);
    return content;
  }
  std::vector<TargetName> targets = operate.targets;
  if (targets.empty() && operate.depot != WithDepot::kOnly) {
    if (!current) {
      return Fail(ErrorCode::kNotFound,
                  "profile " + submission.profile.text + " has no generation, so no targets",
                  "name the targets");
    }
    ERIS_ASSIGN(const Manifest manifest, journal.LoadManifest(submission.profile, current));
    targets = ParticipantsOf(manifest);
  }
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  content.plan.profile = submission.profile;
  content.plan.base = current;
  for (const TargetName& target : targets) {
    PlanItem& item = content.plan.items.emplace_back();
    item.phase = PlanPhase::kAfterCommit;
    item.queue = {.kind = QueueName::Kind::kTarget, .name = target.text};
    item.body = operate.body;
  }
  if (operate.depot != WithDepot::kWithout) {
    PlanItem& item = content.plan.items.emplace_back();
    item.phase = PlanPhase::kAfterCommit;
    item.queue = {.kind = QueueName::Kind::kPlanner, .name = std::string(kDepotPart)};
    item.body = operate.body;
  }
  content.plan_hash = PlanHash(content.plan);
  return content;
}

// With its hash; whether it can be sent, and is the one that was wanted.
Result<PlannedContent> Checked(PlannedContent content, const Submission& submission) {
  ERIS_TRY(CheckSizes(content.plan));
  content.plan_hash = PlanHash(content.plan);
  const std::string& expected = submission.options.expected_plan_hash;
  if (!expected.empty() && expected != content.plan_hash) {
    return Fail(ErrorCode::kInvalid,
                "the plan is not the expected one: its hash is " + content.plan_hash +
                    ", expected was " + expected,
                "look at `eris plan` again");
  }
  return content;
}

}  // namespace

Result<std::optional<Manifest>> BaseOf(const ProfileName& profile, GenerationNumber current,
                                       JournalReader& journal) {
  std::optional<Manifest> base;
  if (current) {
    ERIS_ASSIGN(base, journal.LoadManifest(profile, current));
  }
  ERIS_TRY(DoubtBase(profile, current, journal, base));
  return base;
}

Result<GenerationNumber> GenerationBefore(const ProfileName& profile, GenerationNumber current,
                                          JournalReader& journal) {
  const auto none = [&] {
    return Fail(ErrorCode::kNotFound,
                "profile " + profile.text + " has no generation before the one that runs",
                "see `eris generations`");
  };
  if (!current) return none();
  ERIS_ASSIGN(const std::vector<GenerationInfo> generations, journal.LoadGenerations(profile));
  ERIS_ASSIGN(const std::vector<GenerationNumber> contents, ContentsOf(generations, journal));
  const auto position = [&](GenerationNumber number) {
    return std::find_if(generations.begin(), generations.end(),
                        [&](const GenerationInfo& info) { return info.generation == number; }) -
           generations.begin();
  };
  const auto end = static_cast<std::ptrdiff_t>(generations.size());
  const std::ptrdiff_t now = position(current);
  if (now == end) return none();
  const std::ptrdiff_t running = position(contents[static_cast<std::size_t>(now)]);
  if (running == end || running == 0) return none();
  return contents[static_cast<std::size_t>(running - 1)];
}

Result<std::vector<TargetName>> TargetsWanted(const Submission& asked, GenerationNumber current,
                                              JournalReader& journal) {
  ERIS_ASSIGN(Submission submission, ResolveRetries(asked, journal));
  std::optional<Manifest> base;
  if (current) {
    ERIS_ASSIGN(base, journal.LoadManifest(submission.profile, current));
  }
  ERIS_ASSIGN(const Manifest next,
              NextManifest(submission, current, base ? &*base : nullptr, journal));
  return ParticipantsOf(next);
}

Result<PlannedContent> PlanContent(const Submission& asked, GenerationNumber current,
                                   std::span<const TargetName> absent, JournalReader& journal) {
  if (const auto* work = std::get_if<StateOperation>(&asked.action)) {
    PlannedContent content;
    ERIS_ASSIGN(content.plan, PlanStateWork(asked, *work, current, journal));
    return Checked(std::move(content), asked);
  }
  if (const auto* operate = std::get_if<Operate>(&asked.action)) {
    return PlanOperation(asked, *operate, current, journal);
  }
  ERIS_ASSIGN(Submission submission, ResolveRetries(asked, journal));
  std::optional<Manifest> base;
  if (current) {
    ERIS_ASSIGN(base, journal.LoadManifest(submission.profile, current));
  }
  const auto* adoption = std::get_if<AdoptManifest>(&submission.action);
  PlannedContent content;
  ERIS_ASSIGN(content.next, NextManifest(submission, current, base ? &*base : nullptr, journal));
  if (adoption != nullptr) {
    ERIS_TRY(DiffManifests(nullptr, content.next));  // whether it is consistent
    content.plan = MakeAdoption(
        {.profile = submission.profile, .base_generation = current, .next = content.next},
        adoption->origin);
  } else {
    ERIS_TRY(PlanMove(submission, {current, std::move(base)}, absent, journal, content));
  }
  return Checked(std::move(content), submission);
}

}  // namespace eris::planner
