// `eris visualize`: what is deployed, or what models say, as a picture.
#include <memory>
#include <string_view>
#include <utility>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/desired.h"
#include "planner/cli/generation.h"
#include "planner/cli/graph_text.h"
#include "planner/cli/submitting.h"
#include "schema/base/command.h"

namespace eris::cli {
namespace {

Fate FateOf(const Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::kSucceeded:
      return Fate::kDone;
    case Verdict::kFailed:
      return Fate::kFailed;
    case Verdict::kUnavailable:
    case Verdict::kUnknown:
    case Verdict::kRefused:
    case Verdict::kCancelled:
    case Verdict::kUnimplemented:
      break;
  }
  return Fate::kUnknown;
}

// "activate api in process" is about the service api.
ServiceName ServiceOf(const ItemOutline& item) {
  const std::size_t begin = item.verb.size() + 1;
  const std::size_t end = item.subject.rfind(" in ");
  if (begin >= item.subject.size() || end == std::string::npos || end < begin) return {};
  return ServiceName(item.subject.substr(begin, end - begin));
}

// What the last transaction of the profile did to services, by its log. The last word counts.
Result<std::map<std::pair<TargetName, ServiceName>, Fate>> FatesOf(Client& client,
                                                                   const Context& context) {
  constexpr std::string_view kPrefix = "target.";
  std::map<std::pair<TargetName, ServiceName>, Fate> fates;
  Request request;
  request.profile = context.call.profile;
  ERIS_ASSIGN(const auto transactions, AskStatus(client, request));
  for (const TransactionStatus& status : transactions) {
    if (status.plan_hash.empty() || status.action == "query" || status.action == "collect") {
      continue;
    }
    Request logs;
    logs.transaction.transaction = status.transaction;
    ERIS_ASSIGN(std::vector<Reply> replies, client.Ask(RequestVerb::kLogs, logs, kAnswerPatience));
    for (const LogEntry& entry : Collect(std::move(replies), &LogsReply::entries)) {
      const ItemOutline& item = entry.item;
      const bool is_switch = item.verb == "activate" || item.verb == "deactivate";
      if (!is_switch || !item.queue.starts_with(kPrefix)) continue;
      fates[{TargetName(item.queue.substr(kPrefix.size())), ServiceOf(item)}] =
          FateOf(entry.outcome);
    }
    break;
  }
  return fates;
}

Result<std::string> Render(const std::string& graph, VisualizeCommand::Format format) {
  CommandOptions options;
  options.input = graph;
  const std::string kind = format == VisualizeCommand::Format::kSvg ? "-Tsvg" : "-Tpng";
  const Result<CommandOutput> output = RunCommand({"dot", kind}, options);
  if (!output) {
    return Fail(ErrorCode::kNotFound, "Graphviz' dot cannot be run: " + output.error().message,
                "install graphviz, or print the text with --format dot");
  }
  if (!output->status.success()) {
    return Fail(ErrorCode::kInternal, "dot: " + output->stderr_tail,
                "print the text with --format dot");
  }
  return output->stdout_text;
}

}  // namespace

Result<ExitCode> RunVisualize(const VisualizeCommand& command, Context& context) {
  Manifest manifest;
  GraphOptions options{.containers = command.containers, .fates = {}};
  if (command.models) {
    ERIS_ASSIGN(manifest, EvaluateDesired(*command.models, context.settings.store, context.output));
  }
  const bool is_coloured = command.colours == VisualizeCommand::Colours::kLastTransaction;
  if (!command.models || is_coloured) {
    ERIS_ASSIGN(const std::unique_ptr<Session> session, Connect(context));
    Client& client = session->client();
    if (!command.models) {
      ERIS_ASSIGN(DeployedGeneration generation,
                  FetchGeneration(client, context.call.profile, command.generation));
      manifest = std::move(generation.manifest);
    }
    if (is_coloured) {
      ERIS_ASSIGN(options.fates, FatesOf(client, context));
    }
  }
  std::string picture = GraphText(manifest, options);
  if (command.format != VisualizeCommand::Format::kDot) {
    ERIS_ASSIGN(picture, Render(picture, command.format));
  }
  context.output.Print(picture);
  return ExitCode::kDone;
}

}  // namespace eris::cli
