#include "planner/cli/completion.h"

#include <string_view>
#include <vector>

namespace eris::cli {
namespace {

// What a command is called with all above it: "eris key list".
struct CommandPlace {
  std::string path;
  const CommandShape* command = nullptr;
};

// Commands of commands stand two deep at most.
std::vector<CommandPlace> PlacesOf(const CommandShape& root) {
  std::vector<CommandPlace> places{{root.name, &root}};
  for (const CommandShape& command : root.commands) {
    const std::string path = root.name + " " + command.name;
    places.push_back({path, &command});
    for (const CommandShape& below : command.commands) {
      places.push_back({path + " " + below.name, &below});
    }
  }
  return places;
}

// Everything that may come next and is not free text.
std::string WordsOf(const CommandShape& command) {
  std::string words;
  const auto add = [&words](const std::string& word) {
    words += (words.empty() ? "" : " ") + word;
  };
  for (const CommandShape& below : command.commands) add(below.name);
  for (const OptionShape& option : command.options) {
    if (option.kind == OptionShape::Kind::kPositional) {
      for (const std::string& choice : option.choices) add(choice);
      continue;
    }
    for (const std::string& name : option.names) add(name);
  }
  return words;
}

// In single quotes of a POSIX shell (and of fish, where the same text means the same).
std::string ShellQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string JoinBlank(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// One function that finds the command of the line, and a table of what may follow each. bash and
// zsh (through bashcompinit) read the same.
std::string BashText(const CommandShape& root) {
  std::string words;
  std::string values;
  for (const auto& [path, command] : PlacesOf(root)) {
    words += "    " + ShellQuoted(path) + ") words=" + ShellQuoted(WordsOf(*command)) + " ;;\n";
    for (const OptionShape& option : command->options) {
      if (option.kind != OptionShape::Kind::kValue) continue;
      for (const std::string& name : option.names) {
        values += "    " + ShellQuoted(path + " " + name) + ") takes=" +
                  (option.choices.empty() ? "file" : ShellQuoted(JoinBlank(option.choices))) +
                  " ;;\n";
      }
    }
  }
  return "_eris_words() {\n  words=\n  case $1 in\n" + words +
         "  esac\n}\n_eris_takes() {\n  takes=\n  case $1 in\n" + values +
         "  esac\n}\n"
         "_eris() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before= path=eris words takes i\n"
         "  [ \"$COMP_CWORD\" -lt 1 ] || before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    _eris_words \"$path ${COMP_WORDS[i]}\"\n"
         "    [ -z \"$words\" ] || path=\"$path ${COMP_WORDS[i]}\"\n"
         "  done\n"
         "  _eris_takes \"$path $before\"\n"
         "  if [ \"$takes\" = file ]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  [ -n \"$takes\" ] || { _eris_words \"$path\"; takes=$words; }\n"
         "  COMPREPLY=($(compgen -W \"$takes\" -- \"$current\"))\n"
         "}\n";
}

std::string FishOption(const OptionShape& option, const std::string& condition) {
  std::string line = "complete -c eris " + condition;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    line += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
  }
  if (option.kind == OptionShape::Kind::kValue) {
    line += option.choices.empty() ? " -r -F" : " -x -a " + ShellQuoted(JoinBlank(option.choices));
  }
  return line + " -d " + ShellQuoted(option.help) + "\n";
}

// The commands of `root` that are not `name` say nothing where `name` was given.
std::string FishText(const CommandShape& root) {
  std::string text = "complete -c eris -f\n";
  for (const CommandShape& command : root.commands) {
    text += "complete -c eris -n __fish_use_subcommand -a " + ShellQuoted(command.name) + " -d " +
            ShellQuoted(command.help) + "\n";
    const std::string seen = "-n " + ShellQuoted("__fish_seen_subcommand_from " + command.name);
    for (const CommandShape& below : command.commands) {
      text += "complete -c eris " + seen + " -a " + ShellQuoted(below.name) + " -d " +
              ShellQuoted(below.help) + "\n";
      const std::string both =
          "-n " + ShellQuoted("__fish_seen_subcommand_from " + command.name +
                              "; and __fish_seen_subcommand_from " + below.name);
      for (const OptionShape& option : below.options) {
        if (option.kind != OptionShape::Kind::kPositional) text += FishOption(option, both);
      }
    }
    for (const OptionShape& option : command.options) {
      if (option.kind != OptionShape::Kind::kPositional) {
        text += FishOption(option, seen);
      } else if (!option.choices.empty()) {
        text += "complete -c eris " + seen + " -a " + ShellQuoted(JoinBlank(option.choices)) + "\n";
      }
    }
  }
  return text;
}

}  // namespace

std::string CompletionText(Shell shell, const CommandShape& root) {
  switch (shell) {
    case Shell::kBash:
      return BashText(root) + "complete -F _eris eris\n";
    case Shell::kZsh:
      return "#compdef eris\nautoload -U +X bashcompinit && bashcompinit\n" + BashText(root) +
             "complete -F _eris eris\n";
    case Shell::kFish:
      return FishText(root);
  }
  return {};
}

}  // namespace eris::cli
