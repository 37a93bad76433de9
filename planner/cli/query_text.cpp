#include "planner/cli/query_text.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <variant>

#include "planner/models/nix_command.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

std::string ReasonOf(const TargetAnswer& answer) {
  return answer.outcome.message.empty() ? std::string(ToString(answer.outcome.verdict))
                                        : Printable(answer.outcome.message);
}

void AppendServices(const TargetReport& report, std::string& text) {
  std::set<std::string> packages;
  for (const ActiveMapping& mapping : report.mappings) packages.insert(mapping.package.text);
  for (const std::string& package : packages) text += package + "\n";
}

void AppendContainers(const TargetReport& report, std::string& text) {
  std::map<std::string, std::set<std::string>> containers;
  for (const ActiveMapping& mapping : report.mappings) {
    containers[mapping.container.text].insert(mapping.package.text);
  }
  for (const auto& [container, packages] : containers) {
    text += "Container: " + container + "\n";
    for (const std::string& package : packages) text += "  " + package + "\n";
  }
}

std::string PlainAnswers(std::span<const TargetAnswer> answers, QueryCommand::Shape shape) {
  std::string text;
  for (const TargetAnswer& answer : answers) {
    if (!text.empty()) text += "\n";
    text += "Services on: " + answer.target.text + "\n\n";
    const auto* report = std::get_if<TargetReport>(&answer.outcome.report);
    if (report == nullptr) {
      text += "no answer: " + ReasonOf(answer) + "\n";
    } else if (shape == QueryCommand::Shape::kContainers) {
      AppendContainers(*report, text);
    } else {
      AppendServices(*report, text);
    }
  }
  return text;
}

std::string NixAnswers(std::span<const TargetAnswer> answers) {
  std::string text = "{\n";
  for (const TargetAnswer& answer : answers) {
    const auto* report = std::get_if<TargetReport>(&answer.outcome.report);
    const std::string name = NixString(answer.target.text);
    if (report == nullptr) {
      text += "  # " + answer.target.text + ": no answer\n";
      continue;
    }
    text += "  " + name + " = {\n    profile = " + NixString(report->profile.text) +
            ";\n    services = [\n";
    for (const ActiveMapping& mapping : report->mappings) {
      text += "      { name = " + NixString(mapping.service_name.text) +
              "; pkg = " + NixString(mapping.package.text) +
              "; container = " + NixString(mapping.container.text) +
              "; key = " + NixString(mapping.service.text) + "; }\n";
    }
    text += "    ];\n  };\n";
  }
  return text + "}\n";
}

}  // namespace

std::string SizeText(std::uint64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMebi);
}

std::string ShapedAnswers(std::span<const TargetAnswer> answers, QueryCommand::Shape shape) {
  switch (shape) {
    case QueryCommand::Shape::kTable:
      return AnswersText(answers);
    case QueryCommand::Shape::kServices:
    case QueryCommand::Shape::kContainers:
      return PlainAnswers(answers, shape);
    case QueryCommand::Shape::kNix:
      return NixAnswers(answers);
  }
  return {};
}

std::string CollectedText(std::span<const TargetAnswer> answers) {
  std::string text;
  std::uint64_t all = 0;
  for (const TargetAnswer& answer : answers) {
    const auto* report = std::get_if<CollectReport>(&answer.outcome.report);
    if (report == nullptr) {
      text += answer.target.text + ": nothing collected: " + ReasonOf(answer) + "\n";
      continue;
    }
    all += report->freed_bytes;
    text += answer.target.text + ": " + SizeText(report->freed_bytes) + " freed\n";
  }
  return text + "in all: " + SizeText(all) + " freed\n";
}

}  // namespace eris::cli
