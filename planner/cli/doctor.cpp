#include "planner/cli/doctor.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "planner/cli/asking.h"
#include "planner/cli/commands.h"
#include "planner/cli/json_text.h"
#include "planner/cli/submitting.h"

namespace eris::cli {
namespace {

constexpr Duration kShortPatience{5'000};  // a doctor who waits long is no help

void Add(Diagnoses& all, Diagnoses more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

Diagnosis BadFrom(const Error& error) {
  return {Diagnosis::Grade::kBad, error.message,
          error.fix.empty() ? "see the log of the broker" : error.fix};
}

// Broker, planner and workers, as far as they can be reached.
Diagnoses AskAround(Context& context) {
  Diagnoses found;
  const auto session = Connect(context);
  if (!session) return {BadFrom(session.error())};
  found.push_back({Diagnosis::Grade::kGood, "the broker answers, and knows this key", {}});
  Client& client = (*session)->client();
  const auto replies = client.Ask(RequestVerb::kTargets, {}, kShortPatience);
  if (!replies) {
    Diagnosis silent = BadFrom(replies.error());
    silent.fix = "start eris-planner; its log says why it does not connect";
    found.push_back(std::move(silent));
    return found;
  }
  found.push_back({Diagnosis::Grade::kGood, "the planner answers", {}});
  const auto targets = AskTargets(client);
  const auto held = AskHeld(client);
  if (!targets || !held) {
    found.push_back(BadFrom(targets ? held.error() : targets.error()));
    return found;
  }
  std::vector<HeldTarget> rows;
  for (const HeldLease& lease : *held) rows.push_back(lease.row);
  Add(found, CheckNetwork(*targets, rows, context.clock.Read().wall));
  return found;
}

}  // namespace

Result<ExitCode> RunDoctor(const DoctorCommand& command, Context& context) {
  const WallTime now = context.clock.Read().wall;
  Diagnoses all = CheckClient(context.settings, context.call.connection, context.surroundings);
  Add(all, CheckMachine(context.settings, context.surroundings));
  std::vector<std::string> directories = command.state_dirs;
  if (directories.empty()) directories = {"/var/lib/eris", context.surroundings.config_dir};
  for (const std::string& directory : directories) Add(all, CheckStateDirectory(directory, now));
  Add(all, AskAround(context));
  context.output.Print(context.output.json() ? ToJson(all) : DiagnosesText(all));
  const bool is_bad = std::ranges::any_of(
      all, [](const Diagnosis& one) { return one.grade == Diagnosis::Grade::kBad; });
  return is_bad ? ExitCode::kInvalid : ExitCode::kDone;
}

}  // namespace eris::cli
