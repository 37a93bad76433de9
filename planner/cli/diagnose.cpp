// `eris diagnose`: a shell, or one command, beside a service that is deployed.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/cli/commands.h"
#include "planner/cli/generation.h"
#include "planner/cli/operating.h"
#include "planner/cli/remote_shell.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

std::vector<Mapping> FindPlaces(const DiagnoseCommand& command, const Manifest& manifest) {
  std::vector<Mapping> places;
  for (const Mapping& mapping : manifest.mappings) {
    const auto service = manifest.services.find(mapping.service);
    if (service == manifest.services.end() || service->second.name != command.service) continue;
    if (!command.target.empty() && mapping.target != command.target) continue;
    if (!command.container.empty() && mapping.container != command.container) continue;
    if (mapping.container.empty()) continue;  // a package: nothing runs it
    places.push_back(mapping);
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::string TextOf(const Mapping& place) {
  return place.target.text + " in " + place.container.text;
}

Error NoneFound(const DiagnoseCommand& command) {
  return {ErrorCode::kNotFound,
          "no service " + command.service.text + " is deployed" +
              (command.target.empty() ? "" : " on " + command.target.text) +
              (command.container.empty() ? "" : " in " + command.container.text),
          "see `eris query`"};
}

Error SeveralFound(const DiagnoseCommand& command, const std::vector<Mapping>& places) {
  std::string list;
  for (const Mapping& place : places) list += (list.empty() ? "" : ", ") + TextOf(place);
  return {ErrorCode::kInvalid,
          "service " + command.service.text + " is deployed several times: on " + list,
          "say which with --target and --container, or give a --command for all of them"};
}

// The shell at one place, to its end.
Result<ExitCode> Attend(const DiagnoseCommand& command, const Mapping& place, Client& client,
                        Context& context) {
  const TerminalKind terminal = OwnTerminal();
  const DiagnoseItem item{.profile = context.call.profile,
                          .service_name = command.service,
                          .container = place.container,
                          .service = place.service,
                          .command = command.command,
                          .stream = context.random.NextU64(),
                          .terminal = terminal.name,
                          .rows = terminal.rows,
                          .columns = terminal.columns};
  const Submission submission =
      MakeSubmission(command.submit, Operate{item, {place.target}}, context);
  Output nowhere({.out_fd = -1, .error_fd = -1});  // the screen is the shell's
  if (!terminal.name.empty()) {
    context.output.Note("a shell beside " + command.service.text + " on " + TextOf(place) +
                        "; Ctrl-] leaves it");
  }
  RemoteShell shell(client, "target." + place.target.text, item);
  ERIS_ASSIGN(const TargetsAnswered found, OperateOn(client, submission, nowhere));
  if (found.code == ExitCode::kInterrupted) return found.code;
  for (const TargetAnswer& answer : found.answers) {
    const auto* report = std::get_if<ShellReport>(&answer.outcome.report);
    if (report != nullptr) return ExitCode{report->exit_status};
    return Fail(ErrorCode::kUnavailable, answer.target.text + ": " + answer.outcome.message,
                "see `eris targets`");
  }
  return Fail(ErrorCode::kUnavailable, place.target.text + " gave no answer",
              "start its worker, or wait longer with --wait");
}

}  // namespace

Result<ExitCode> RunDiagnose(const DiagnoseCommand& command, Context& context) {
  ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
  Client& client = session->client();
  ERIS_ASSIGN(const DeployedGeneration current, FetchGeneration(client, context.call.profile, {}));
  const std::vector<Mapping> places = FindPlaces(command, current.manifest);
  if (places.empty()) return Fail(NoneFound(command));
  if (command.doing == DiagnoseCommand::Doing::kListing) {
    for (const Mapping& place : places) context.output.Print(TextOf(place) + "\n");
    return ExitCode::kDone;
  }
  if (places.size() > 1 && command.command.empty()) return Fail(SeveralFound(command, places));
  for (const Mapping& place : places) {
    ERIS_ASSIGN(const ExitCode code, Attend(command, place, client, context));
    if (code != ExitCode::kDone) return code;
  }
  return ExitCode::kDone;
}

}  // namespace eris::cli
