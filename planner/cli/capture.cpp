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
#include "planner/models/disnix_profile.h"
#include "planner/models/manifest_json.h"
#include "planner/models/nix_text.h"
#include "planner/models/reconstruct.h"
#include "planner/plan/diff.h"
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
  std::map<TargetName, Outcome> silent;
  for (const TargetAnswer& answer : operated.answers) {
    auto& list = HasAnswered(answer.outcome) ? capture.answers : silent;
    list.emplace(answer.target, answer.outcome);
  }
  for (const auto& [target, ignored] : capture.targets) {
    if (capture.answers.contains(target)) continue;
    const Outcome& why = silent[target];
    const bool has_failed = !why.message.empty() && why.verdict == Verdict::kFailed;
    const std::string end = why.message.empty() ? "" : ": " + why.message;
    if (asking.missing == MissingTargets::kRefused) {
      if (has_failed) {
        return Fail(ErrorCode::kNotFound, target.text + end,
                    "put that right there, or leave the target out with --allow-missing");
      }
      return Fail(ErrorCode::kUnavailable, target.text + " gave no answer" + end,
                  "start its worker, or leave it out with --allow-missing");
    }
    context.output.Note("warning: " + target.text +
                        (has_failed ? " is left out" : " gave no answer and is left out") + end);
  }
  return capture;
}

// What the profile says, in its `file`. What is too large for a report is read here, where this
// machine sees the target's store.
Result<std::string> ProfileTextOf(const TargetName& target, const TargetReport& report,
                                  const std::string& file) {
  constexpr std::size_t kMostProfileBytes = std::size_t{64} << 20;
  if (report.profile.empty() || !report.manifest.empty()) return report.manifest;
  Result<std::string> text = ReadFile(report.profile.text + "/" + file, kMostProfileBytes);
  if (text) return text;
  return Fail(ErrorCode::kUnavailable,
              "cannot read what the profile of " + target.text + " says: " + text.error().message,
              "bring it here with `eris copy-closure --from " + target.text + " " +
                  report.profile.text + "`, and run this where the planner's Nix store is seen");
}

Result<Manifest> ManifestOf(const Capture& capture) {
  std::map<TargetName, TargetEvidence> evidence;
  for (const auto& [target, outcome] : capture.answers) {
    const auto* report = std::get_if<TargetReport>(&outcome.report);
    if (report == nullptr) continue;
    ERIS_ASSIGN(std::string text, ProfileTextOf(target, *report, "manifest.nix"));
    evidence[target] = {*report, std::move(text)};
  }
  return ReconstructManifest(evidence, capture.targets);
}

// The same of what Disnix has deployed. Whether it fits together is told of both.
Result<ManifestReading> DisnixReadingOf(const Capture& capture) {
  std::map<TargetName, DisnixEvidence> evidence;
  for (const auto& [target, outcome] : capture.answers) {
    const auto* report = std::get_if<TargetReport>(&outcome.report);
    if (report == nullptr) continue;
    ERIS_ASSIGN(std::string text, ProfileTextOf(target, *report, "profilemanifest.xml"));
    evidence[target] = {report->profile, std::move(text)};
  }
  return ReadDisnixProfiles(evidence, capture.targets);
}

Result<ManifestReading> ReadingOf(const Capture& capture, ReconstructCommand::Source source) {
  if (source == ReconstructCommand::Source::kDisnix) return DisnixReadingOf(capture);
  ManifestReading reading;
  ERIS_ASSIGN(reading.manifest, ManifestOf(capture));
  reading.findings = CheckManifest(reading.manifest);
  return reading;
}

// Nothing is adopted from Disnix on top of what Eris has deployed.
Status CheckSource(ReconstructCommand::Source source, const DeployedGeneration& current,
                   const ProfileName& profile) {
  if (source == ReconstructCommand::Source::kEris || !current.number) return {};
  return Fail(ErrorCode::kConflict,
              "profile " + profile.text + " has generation " +
                  std::to_string(current.number.value) + " already: Eris deploys it",
              "leave --from-disnix out, or give another profile with -p");
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
  ERIS_TRY(CheckSource(command.source, current, profile));
  const bool is_disnix = command.source == ReconstructCommand::Source::kDisnix;
  const auto what = is_disnix ? QueryItem::What::kDisnix : QueryItem::What::kManifest;
  Operate operate{QueryItem{profile, what}, {}};
  operate.takes_over = command.journal == ReconstructCommand::Journal::kTaken;
  ERIS_ASSIGN(const Capture capture, CaptureTargets({.models = command.models,
                                                     .submit = command.submit,
                                                     .missing = command.missing,
                                                     .operate = std::move(operate)},
                                                    client, context));
  if (capture.code == ExitCode::kInterrupted) return capture.code;
  ERIS_ASSIGN(ManifestReading reading, ReadingOf(capture, command.source));
  Manifest& manifest = reading.manifest;
  for (const Finding& one : reading.findings) context.output.Note("error: " + ToString(one));
  if (!reading.findings.empty()) {
    return Fail(ErrorCode::kInvalid, "what the targets say of themselves does not fit together",
                "capture all targets of the deployment");
  }
  const Manifest* base = current.number ? &current.manifest : nullptr;
  const PlanInput input{.profile = profile, .base_generation = current.number, .next = manifest};
  ERIS_ASSIGN(const Difference difference, DiffManifests(base, manifest));
  if (difference.empty() && current.number) {
    context.output.Say("the targets run what generation " + std::to_string(current.number.value) +
                       " says: nothing to reconstruct");
    return ExitCode::kDone;
  }
  SubmitArguments submit = command.submit;
  const auto origin = is_disnix ? AdoptManifest::Origin::kForeign : AdoptManifest::Origin::kOwn;
  submit.options.expected_plan_hash = PlanHash(MakeAdoption(input, origin));
  const Submission submission =
      MakeSubmission(submit, AdoptManifest{std::move(manifest), origin}, context);
  return SubmitAndFollow(client, submission, {submit.following}, context);
}

Result<ExitCode> RunCopyClosure(const CopyClosureCommand& command, Context& context) {
  if (command.targets.empty()) {
    return Fail(ErrorCode::kInvalid, "neither --to nor --from names a target",
                "see `eris copy-closure --help`");
  }
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission = MakeSubmission(
      command.submit,
      Operate{TransferItem{context.call.profile, command.paths, command.way}, command.targets},
      context);
  ERIS_ASSIGN(const TargetsAnswered operated,
              OperateOn(session->client(), submission, context.output));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  const bool is_brought = command.way == TransferItem::Way::kFromTarget;
  for (const TargetName& target : command.targets) {
    const auto answer = std::find_if(operated.answers.begin(), operated.answers.end(),
                                     [&](const TargetAnswer& one) { return one.target == target; });
    const bool is_there = answer != operated.answers.end();
    if (is_there && answer->outcome.verdict == Verdict::kSucceeded) continue;
    return Fail(ErrorCode::kUnavailable,
                target.text + (is_brought ? " did not bring" : " does not have") + " the paths: " +
                    (is_there ? answer->outcome.message : std::string("it gave no answer")),
                "see `eris history` and `eris logs TX`");
  }
  context.output.Say(std::to_string(command.paths.size()) + " paths are " +
                     (is_brought ? "in the planner's store"
                                 : "on " + std::to_string(operated.answers.size()) + " targets"));
  return ExitCode::kDone;
}

}  // namespace eris::cli
