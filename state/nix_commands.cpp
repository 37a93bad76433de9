#include "state/nix_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <utility>

#include "schema/base/text.h"

namespace eris {
namespace {

// Appends the paths to copies of `start(n)`, n = number of the command, as many each as fit.
std::vector<NixCommand> InCommands(std::span<const StorePath> paths,
                                   const std::function<NixCommand(std::size_t)>& start) {
  std::vector<NixCommand> commands;
  std::size_t bytes = 0;
  for (const StorePath& path : paths) {
    const std::size_t needed = path.text.size() + 1 + sizeof(char*);
    if (commands.empty() || bytes + needed > kMaxPathBytesPerCommand) {
      commands.push_back(start(commands.size()));
      bytes = 0;
    }
    commands.back().push_back(path.text);
    bytes += needed;
  }
  return commands;
}

std::string RootsOfCommand(const std::string& prefix, std::size_t n) {
  return n == 0 ? prefix : fmt::format("{}.{}", prefix, n);
}

std::string JoinedByBlanks(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// The characters of store paths: nothing that could end a string of the Nix language.
bool IsPlainPath(std::string_view path) {
  return path.starts_with('/') && std::all_of(path.begin(), path.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                  std::string_view("/+-._?=").find(c) != std::string_view::npos;
         });
}

tl::unexpected<Error> Unexpected(std::string_view what, std::string_view line) {
  return Fail(ErrorCode::kInternal,
              fmt::format("Nix printed no {} but: {}", what, line.substr(0, 200)),
              "Check that the Nix commands in PATH are those of Nix 2.8 or later");
}

}  // namespace

std::vector<NixCommand> RealiseCommands(std::span<const StorePath> paths,
                                        const RealiseOptions& options) {
  return InCommands(paths, [&](std::size_t n) {
    // Errors alone, each with the end of its log: between the output of a thousand builds they
    // would be lost.
    NixCommand command = {
        "nix-store", "--realise", "--keep-going", "--quiet",    "--no-build-output",
        "--option",  "log-lines", "20",           "--max-jobs", std::to_string(options.max_jobs)};
    if (options.silent_limit_s > 0) {
      command.insert(command.end(), {"--max-silent-time", std::to_string(options.silent_limit_s)});
    }
    if (!options.roots_prefix.empty()) {
      command.insert(command.end(), {"--add-root", RootsOfCommand(options.roots_prefix, n)});
    }
    return command;
  });
}

std::vector<NixCommand> InvalidPathsCommands(std::span<const StorePath> paths) {
  return InCommands(paths, [](std::size_t) {
    return NixCommand{"nix-store", "--check-validity", "--print-invalid"};
  });
}

std::vector<NixCommand> RequisitesCommands(std::span<const StorePath> paths) {
  return InCommands(paths, [](std::size_t) {
    return NixCommand{"nix-store", "--query", "--requisites"};
  });
}

std::vector<NixCommand> AddRootsCommands(std::span<const StorePath> paths,
                                         const std::string& prefix,
                                         const std::vector<std::string>& substituters) {
  return InCommands(paths, [&](std::size_t n) {
    NixCommand command = {"nix-store", "--realise", "--add-root", RootsOfCommand(prefix, n)};
    if (!substituters.empty()) {
      command.insert(command.end(),
                     {"--option", "extra-substituters", JoinedByBlanks(substituters)});
    }
    return command;
  });
}

// nix-instantiate roots the derivations that an expression stands for: of each, an attribute set
// that says no more than which file it is.
std::vector<NixCommand> AddDerivationRootsCommands(std::span<const StorePath> derivations,
                                                   const std::string& prefix) {
  constexpr std::size_t kMost = 400;  // one argument holds 128 KiB
  const std::string derivation =
      "let derivation = path: { type = \"derivation\"; name = \"root\"; outputName = \"out\"; "
      "outPath = path; drvPath = path; }; in ";
  std::vector<NixCommand> commands;
  for (std::size_t begin = 0; begin < derivations.size(); begin += kMost) {
    std::string list;
    for (const StorePath& path :
         derivations.subspan(begin, std::min(kMost, derivations.size() - begin))) {
      if (IsPlainPath(path.text)) list += fmt::format(" (derivation \"{}\")", path.text);
    }
    commands.push_back({"nix-instantiate", "--add-root", RootsOfCommand(prefix, commands.size()),
                        "--expr", derivation + ("[" + list + " ]")});
  }
  return commands;
}

NixCommand CollectGarbageCommand() { return {"nix-store", "--gc"}; }

NixCommand DeleteOldAndCollectGarbageCommand() { return {"nix-collect-garbage", "--delete-old"}; }

NixCommand InitialiseCommand() { return {"nix-store", "--init"}; }

NixCommand StoreDirectoryCommand() {
  return {"nix-instantiate", "--eval", "--expr", "builtins.storeDir"};
}

Result<std::vector<StorePath>> ParsePaths(std::string_view output) {
  std::vector<StorePath> paths;
  for (const std::string_view line : Split(output, '\n')) {
    if (line.empty()) continue;
    if (line.front() != '/') return Unexpected("store path", line);
    paths.emplace_back(std::string(line));
  }
  return paths;
}

// "200 store paths deleted, 0.03 MiB freed", after lines about each path.
Result<std::uint64_t> ParseFreedBytes(std::string_view output) {
  constexpr std::string_view kBefore = "store paths deleted, ";
  constexpr double kMiB = 1024.0 * 1024.0;
  const std::size_t found = output.rfind(kBefore);
  if (found == std::string_view::npos) return Unexpected("amount of freed space", output);
  const std::string_view rest = output.substr(found + kBefore.size());
  double amount = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
  const std::string_view unit(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (error != std::errc{} || !unit.starts_with(" MiB") || amount < 0) {
    return Unexpected("amount of freed space", rest);
  }
  return static_cast<std::uint64_t>(amount * kMiB);
}

Result<std::string> ParseStoreDirectory(std::string_view output) {
  const std::string_view quoted = Trim(output);
  if (quoted.size() < 3 || quoted.front() != '"' || quoted.back() != '"' || quoted[1] != '/') {
    return Unexpected("store directory", quoted);
  }
  return std::string(quoted.substr(1, quoted.size() - 2));
}

}  // namespace eris
