#include "planner/cli/manual_page.h"

#include <string_view>

namespace eris::cli {
namespace {

// Text that roff takes as it is: no line is a request, no character an escape.
std::string Roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string TagOf(const OptionShape& option) {
  std::string tag;
  for (const std::string& name : option.names) {
    if (!tag.empty()) tag += ", ";
    const bool is_positional = option.kind == OptionShape::Kind::kPositional;
    tag += (is_positional ? "\\fI" : "\\fB") + Roff(name) + "\\fR";
  }
  if (option.kind == OptionShape::Kind::kValue) {
    tag += " \\fI" + Roff(option.value.empty() ? "VALUE" : option.value) + "\\fR";
  }
  return tag;
}

void AppendOptions(const CommandShape& command, std::string& text) {
  for (const OptionShape& option : command.options) {
    text += ".TP\n" + TagOf(option) + "\n" + Roff(option.help) + "\n";
    if (option.choices.empty()) continue;
    text += "(";
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      text += (i > 0 ? ", " : "") + Roff(option.choices[i]);
    }
    text += ")\n";
  }
}

// Commands of commands stand two deep at most.
void AppendCommand(const CommandShape& command, const std::string& prefix, std::string& text) {
  const std::string name = prefix + " " + command.name;
  text += ".SS " + Roff(name) + "\n" + Roff(command.help) + "\n";
  AppendOptions(command, text);
  for (const CommandShape& below : command.commands) {
    text += ".SS " + Roff(name + " " + below.name) + "\n" + Roff(below.help) + "\n";
    AppendOptions(below, text);
  }
}

std::string MarkdownCell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

void AppendTable(const CommandShape& command, std::string& text) {
  if (command.options.empty()) return;
  text += "\n| option | |\n|---|---|\n";
  for (const OptionShape& option : command.options) {
    std::string names;
    for (const std::string& name : option.names) {
      names += (names.empty() ? "`" : ", `") + name + "`";
    }
    if (option.kind == OptionShape::Kind::kValue) {
      names += " " + (option.value.empty() ? "VALUE" : option.value);
    }
    std::string help = option.help;
    for (std::size_t i = 0; i < option.choices.size(); ++i) {
      help += (i == 0 ? ": " : ", ") + option.choices[i];
    }
    text += "| " + MarkdownCell(std::move(names)) + " | " + MarkdownCell(std::move(help)) + " |\n";
  }
}

}  // namespace

std::string OptionsSection(const CommandShape& root, std::string_view command) {
  for (const CommandShape& one : root.commands) {
    if (one.name != command) continue;
    std::string text = "## Options\n";
    AppendTable(one, text);
    for (const CommandShape& below : one.commands) {
      text += "\n### " + root.name + " " + one.name + " " + below.name + "\n\n" + below.help + "\n";
      AppendTable(below, text);
    }
    return text;
  }
  return {};
}

std::string ManualPage(const CommandShape& root) {
  std::string text = ".TH ERIS 1 \"\" \"Eris\" \"User Commands\"\n.SH NAME\n" + Roff(root.name) +
                     " \\- deploys service\\-oriented systems onto networks of Nix machines\n"
                     ".SH SYNOPSIS\n.B " +
                     Roff(root.name) + "\n.I COMMAND\n[OPTION]...\n.SH COMMANDS\n";
  for (const CommandShape& command : root.commands) AppendCommand(command, root.name, text);
  text +=
      ".SH EXIT STATUS\n"
      "0 done; 1 the input is wrong; 2 aborted or rolled back; 3 stuck; 4 the broker cannot be\n"
      "reached; 5 interrupted; 6 committed, but something is still locked. Of compare and query\n"
      "\\-\\-drift: 0 the same, 1 different, more: it could not be told.\n"
      ".SH SEE ALSO\n"
      "eris\\-tutorial(7), eris\\-models(7), eris\\-network(7), eris\\-state(7),\n"
      "eris\\-configuration(7), eris\\-from\\-disnix(7), eris\\-tools(7)\n";
  return text;
}

}  // namespace eris::cli
