// eris: the command line. Wiring only.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "planner/cli/arguments.h"
#include "planner/cli/call_defaults.h"
#include "planner/cli/client_config.h"
#include "planner/cli/commands.h"
#include "planner/cli/output.h"
#include "planner/up/up.h"
#include "schema/base/clock.h"
#include "schema/base/process.h"
#include "schema/base/random.h"

namespace {

using namespace eris;

// While nothing was submitted yet, Ctrl-C just ends the command.
extern "C" void EndInterrupted(int) {
  constexpr std::string_view kSaid = "eris: interrupted before anything was done\n";
  static_cast<void>(!::write(STDERR_FILENO, kSaid.data(), kSaid.size()));
  _exit(static_cast<int>(cli::ExitCode::kInterrupted));
}

int StatusOf(cli::ExitCode code) { return static_cast<int>(code); }

cli::OutputOptions OutputFor(const cli::Call& call) {
  using Screen = cli::OutputOptions::Screen;
  const bool is_terminal = ::isatty(STDOUT_FILENO) != 0 && call.form == cli::OutputForm::kText;
  return {.form = call.form, .screen = is_terminal ? Screen::kTerminal : Screen::kPlain};
}

Result<cli::ExitCode> Run(const cli::Call& call, cli::Output& output) {
  const cli::Surroundings surroundings = cli::SurroundingsFrom(CurrentEnvironment());
  SystemClock clock;
  SystemRandom random;
  if (const auto* up = std::get_if<cli::UpCommand>(&call.command)) {
    return up::RunUp(*up, {surroundings, output, clock, random});
  }
  ERIS_ASSIGN(const cli::ClientSettings settings, cli::LoadClientSettings(surroundings.config_dir));
  cli::Context context{call, surroundings, settings, output, clock, random, false};
  Result<cli::ExitCode> code = cli::RunCall(context);
  if (code || !context.interrupted) return code;
  output.Problem(code.error());
  return cli::ExitCode::kInterrupted;
}

}  // namespace

// NOLINTNEXTLINE(bugprone-exception-escape): what comes here is a bug, and ends the process.
int main(int argc, char** argv) {
  std::signal(SIGINT, EndInterrupted);
  std::signal(SIGPIPE, SIG_IGN);
  const auto defaults = cli::CallDefaultsFrom(CurrentEnvironment());
  if (!defaults) {
    cli::Output({}).Problem(defaults.error());
    return StatusOf(cli::ExitCode::kInvalid);
  }
  auto parsed = cli::ParseArguments({argv, static_cast<std::size_t>(argc)}, *defaults);
  if (!parsed) {
    cli::Output({}).Problem(parsed.error());
    return StatusOf(cli::ExitCode::kInvalid);
  }
  if (const auto* answer = std::get_if<cli::Answer>(&*parsed)) {
    cli::Output({}).Print(answer->text);
    return StatusOf(cli::ExitCode::kDone);
  }
  const cli::Call& call = std::get<cli::Call>(*parsed);
  cli::Output output(OutputFor(call));
  const Result<cli::ExitCode> code = Run(call, output);
  if (code) return StatusOf(*code);
  output.Problem(code.error());
  return StatusOf(cli::ExitCodeOf(code.error().code));
}
