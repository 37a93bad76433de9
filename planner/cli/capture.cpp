// What targets say of themselves, as models: `eris capture-manifest`, `eris capture-infra`, and
// `eris reconstruct`, which makes it the current generation. Also `eris copy-closure`.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/operating.h"
#include "planner/cli/submitting.h"
#include "planner/models/check_manifest.h"
#include "planner/models/manifest_json.h"
#include "planner/models/nix_text.h"
#include "planner/models/reconstruct.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "schema/base/files.h"

namespace eris::cli {
namespace {

using TargetMap = std::map<TargetName, Target>;

// The targets of an infrastructure model, and what each said.
struct Capture {
  ExitCode code = ExitCode::kDone;
  TargetMap targets;
  std::map<TargetName, Outcome> answers;  // of those that said something
};

// What to ask of the targets that `models` names.
struct Asking {
  const ModelArguments& models;
  const SubmitArguments& submit;
  MissingTargets missing = MissingTargets::kRefused;
  Operate operate;
};

bool HasAnswered(const Outcome& outcome) {
  return !std::holds_alternative<std::monostate>(outcome.report);
}

// kUnavailable for a target that gave no answer, unless it may be missing.
Result<Capture> CaptureTargets(Asking asking, Client& client, Context& context) {
  ModelArguments models = asking.models;
  models.sources.purpose = ModelSources::Purpose::kUndeploy;
  ERIS_ASSIGN(const Manifest infrastructure,
              EvaluateDesired(models, context.settings.store, context.output));
  Capture capture{.targets = infrastructure.targets, .answers = {}};
  for (const auto& [target, ignored] : capture.targets) asking.operate.targets.push_back(target);
  const Submission submission = MakeSubmission(asking.submit, std::move(asking.operate), context);
  Output beside({.form = OutputForm::kJson});
  ERIS_ASSIGN(const TargetsAnswered operated, OperateOn(client, submission, beside));
  capture.code = operated.code;
  if (operated.code == ExitCode::kInterrupted) return capture;
  std::map<TargetName, std::string> why;
  for (const TargetAnswer& answer : operated.answers) {
    if (HasAnswered(answer.outcome)) {
      capture.answers.emplace(answer.target, answer.outcome);
    } else {
      why.emplace(answer.target, ": " + answer.outcome.message);
    }
  }
  for (const auto& [target, ignored] : capture.targets) {
    if (capture.answers.contains(target)) continue;
    if (asking.missing == MissingTargets::kRefused) {
      return Fail(ErrorCode::kUnavailable, target.text + " gave no answer" + why[target],
                  "start its worker, or leave it out with --allow-missing");
    }
    context.output.Note("warning: " + target.text + " gave no answer and is left out" +
                        why[target]);
  }
  return capture;
}

// What is too large for a report is read here, where this machine sees the target's store.
Result<TargetEvidence> EvidenceOf(const TargetName& target, const TargetReport& report) {
  constexpr std::size_t kMostProfileBytes = std::size_t{64} << 20;
  TargetEvidence evidence{report, report.manifest};
  if (report.profile.empty() || !report.manifest.empty()) return evidence;
  Result<std::string> text = ReadFile(report.profile.text + "/manifest.nix", kMostProfileBytes);
  if (!text) {
    return Fail(
        ErrorCode::kUnavailable,
        "cannot read what the profile of " + target.text + " says: " + text.error().message,
        "copy " + report.profile.text + " here, or run this where the target's Nix store is seen");
  }
  evidence.profile_text = std::move(*text);
  return evidence;
}

Result<Manifest> ManifestOf(const Capture& capture) {
  std::map<TargetName, TargetEvidence> evidence;
  for (const auto& [target, outcome] : capture.answers) {
    const auto* report = std::get_if<TargetReport>(&outcome.report);
    if (report == nullptr) continue;
    ERIS_ASSIGN(evidence[target], EvidenceOf(target, *report));
  }
  return ReconstructManifest(evidence, capture.targets);
}

// A target as its worker sees it; how it is addressed stays what the given model says.
Target TargetOf(const Target& given, const OfferReport& offer, const TargetName& name,
                Context& context) {
  Target target{.system = offer.system,
                .num_of_cores = offer.num_of_cores,
                .target_property = given.target_property,
                .client_interface = given.client_interface,
                .properties = offer.properties,
                .containers = offer.containers};
  for (const Property& property : given.properties) {
    if (property.name != given.target_property) continue;
    std::erase_if(target.properties,
                  [&](const Property& other) { return other.name == property.name; });
    target.properties.push_back(property);
  }
  std::sort(target.properties.begin(), target.properties.end(),
            [](const Property& a, const Property& b) { return a.name < b.name; });
  const auto note = [&](const Properties& properties, const std::string& where) {
    for (const Property& property : properties) {
      if (property.kind != Property::Kind::kSecret) continue;
      context.output.Note("note: " + name.text + where + "." + property.name +
                          " is a secret: put its value into the file " + property.text +
                          " in the secrets directory of that worker");
    }
  };
  note(target.properties, ".properties");
  for (const auto& [container, properties] : target.containers) {
    note(properties, ".containers." + container.text);
  }
  return target;
}

// What all targets of the command's models answer to one question.
template <typename Command>
Result<Capture> CaptureAnswers(const Command& command, QueryItem::What what, Client& client,
                               Context& context) {
  return CaptureTargets({.models = command.models,
                         .submit = command.submit,
                         .missing = command.missing,
                         .operate = {QueryItem{context.call.profile, what}, {}}},
                        client, context);
}

}  // namespace

Result<ExitCode> RunCaptureManifest(const CaptureManifestCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const Capture capture,
              CaptureAnswers(command, QueryItem::What::kManifest, session->client(), context));
  if (capture.code == ExitCode::kInterrupted) return capture.code;
  ERIS_ASSIGN(const Manifest manifest, ManifestOf(capture));
  for (const Finding& finding : CheckManifest(manifest)) {
    context.output.Note("warning: " + ToString(finding));
  }
  context.output.Print(ManifestToJson(manifest));
  return ExitCode::kDone;
}

Result<ExitCode> RunCaptureInfra(const CaptureInfraCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  ERIS_ASSIGN(const Capture capture,
              CaptureAnswers(command, QueryItem::What::kOffer, session->client(), context));
  if (capture.code == ExitCode::kInterrupted) return capture.code;
  TargetMap targets;
  for (const auto& [name, outcome] : capture.answers) {
    const auto* offer = std::get_if<OfferReport>(&outcome.report);
    if (offer == nullptr) continue;
    targets.emplace(name, TargetOf(capture.targets.at(name), *offer, name, context));
  }
  std::string text = TargetsToJson(targets);
  if (!context.output.json()) {
    ERIS_ASSIGN(text, NixFromJson(text));
  }
  context.output.Print(text);
  return ExitCode::kDone;
}

Result<ExitCode> RunReconstruct(const ReconstructCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  const ProfileName& profile = context.call.profile;
  // Asked before the targets are: what is adopted is adopted on top of this one.
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, profile, {}));
  Operate operate{QueryItem{profile, QueryItem::What::kManifest}, {}};
  operate.takes_over = command.journal == ReconstructCommand::Journal::kTaken;
  ERIS_ASSIGN(const Capture capture, CaptureTargets({.models = command.models,
                                                     .submit = command.submit,
                                                     .missing = command.missing,
                                                     .operate = std::move(operate)},
                                                    client, context));
  if (capture.code == ExitCode::kInterrupted) return capture.code;
  ERIS_ASSIGN(Manifest manifest, ManifestOf(capture));
  const Findings findings = CheckManifest(manifest);
  for (const Finding& finding : findings) context.output.Note("error: " + ToString(finding));
  if (!findings.empty()) {
    return Fail(ErrorCode::kInvalid, "what the targets say of themselves does not fit together",
                "capture all targets of the deployment");
  }
  const Manifest* base = current.number ? &current.manifest : nullptr;
  const PlanInput input{.profile = profile, .base_generation = current.number, .next = manifest};
  ERIS_ASSIGN(
      const Plan difference,
      MakePlan(
          {.profile = profile, .base_generation = current.number, .base = base, .next = manifest}));
  if (difference.empty()) {
    context.output.Say("the targets run what generation " + std::to_string(current.number.value) +
                       " says: nothing to reconstruct");
    return ExitCode::kDone;
  }
  SubmitArguments submit = command.submit;
  submit.options.expected_plan_hash = PlanHash(MakeAdoption(input));
  const Submission submission = MakeSubmission(submit, AdoptManifest{std::move(manifest)}, context);
  return SubmitAndFollow(client, submission, {submit.following}, context);
}

Result<ExitCode> RunCopyClosure(const CopyClosureCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission = MakeSubmission(
      command.submit, Operate{TransferItem{context.call.profile, command.paths}, command.targets},
      context);
  ERIS_ASSIGN(const TargetsAnswered operated,
              OperateOn(session->client(), submission, context.output));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  for (const TargetName& target : command.targets) {
    const auto answer = std::find_if(operated.answers.begin(), operated.answers.end(),
                                     [&](const TargetAnswer& one) { return one.target == target; });
    const bool is_there = answer != operated.answers.end();
    if (is_there && answer->outcome.verdict == Verdict::kSucceeded) continue;
    return Fail(ErrorCode::kUnavailable,
                target.text + " does not have the paths: " +
                    (is_there ? answer->outcome.message : std::string("it gave no answer")),
                "see `eris history` and `eris logs TX`");
  }
  context.output.Say(std::to_string(command.paths.size()) + " paths are on " +
                     std::to_string(operated.answers.size()) + " targets");
  return ExitCode::kDone;
}

}  // namespace eris::cli
