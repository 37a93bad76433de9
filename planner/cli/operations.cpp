// Commands that ask each target to do one thing, outside of any generation: `eris query`,
// `eris collect-garbage` and `eris clean-snapshots`.
#include <utility>
#include <variant>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/drift.h"
#include "planner/cli/generation.h"
#include "planner/cli/json_text.h"
#include "planner/cli/lists.h"
#include "planner/cli/operating.h"
#include "planner/cli/query_text.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

Result<ExitCode> PrintDrift(Client& client, std::span<const TargetAnswer> answers,
                            Context& context) {
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, context.call.profile, {}));
  const std::vector<Discrepancy> drift = DriftOf(current.manifest, answers);
  context.output.Print(context.output.json() ? ToJson(drift) : DiscrepanciesText(drift));
  return drift.empty() ? ExitCode::kDone : ExitCode::kInvalid;
}

// Stores know components: the one that the service has in the current generation.
Status NameComponent(Client& client, const CollectCommand& command, const Context& context,
                     CollectItem& what) {
  if (command.service.empty()) return {};
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, context.call.profile, {}));
  for (const auto& [key, service] : current.manifest.services) {
    if (service.name != command.service) continue;
    what.component = ComponentOf(service.package);
    return {};
  }
  return Fail(ErrorCode::kNotFound, "no service " + command.service.text + " runs now",
              "name its component: --component");
}

}  // namespace

Result<ExitCode> RunQuery(const QueryCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  const Submission submission = MakeSubmission(
      command.submit, Operate{QueryItem{context.call.profile}, command.targets}, context);
  // What is read by programs stands alone on standard output.
  Output beside({.form = OutputForm::kJson});
  const bool is_for_people = command.shape == QueryCommand::Shape::kTable &&
                             command.question == QueryCommand::Question::kContent;
  ERIS_ASSIGN(const TargetsAnswered operated,
              OperateOn(session->client(), submission, is_for_people ? context.output : beside));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  if (command.question == QueryCommand::Question::kDrift) {
    return PrintDrift(session->client(), operated.answers, context);
  }
  context.output.Print(context.output.json() ? ToJson(operated.answers)
                                             : ShapedAnswers(operated.answers, command.shape));
  return operated.code;
}

Result<ExitCode> RunCollectGarbage(const CollectCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  CollectItem what = command.what;
  ERIS_TRY(NameComponent(session->client(), command, context, what));
  const Submission submission = MakeSubmission(
      command.submit, Operate{.body = what, .targets = command.targets, .depot = command.depot},
      context);
  ERIS_ASSIGN(const TargetsAnswered operated,
              OperateOn(session->client(), submission, context.output));
  if (operated.code == ExitCode::kInterrupted) return operated.code;
  context.output.Print(context.output.json() ? ToJson(operated.answers)
                                             : CollectedText(operated.answers));
  return operated.code;
}

}  // namespace eris::cli
