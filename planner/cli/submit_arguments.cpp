// Options of every command that submits something: how long it waits, for whom, and who follows it.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>

#include "planner/cli/duration_text.h"
#include "planner/cli/internal/grammar_parts.h"

namespace eris::cli {
namespace {

const std::map<std::string, TargetOffline>& OfflineWords() {
  static const std::map<std::string, TargetOffline> kWords{{"fail", TargetOffline::kFail},
                                                           {"wait", TargetOffline::kWait},
                                                           {"skip", TargetOffline::kSkip}};
  return kWords;
}

}  // namespace

void AddWait(CLI::App& app, DeployOptions& options) {
  app.add_option_function<std::string>(
         "--wait",
         [&options](const std::string& text) {
           options.wait_ms = ParseDuration(text).value_or(Duration(0)).count();
         },
         "how long an absent target is waited for: 90, 90s, 5m, 2h (30)")
      ->type_name("DURATION")
      ->check(
          [](const std::string& text) {
            return ParseDuration(text) ? "" : "'" + text + "' is no duration like 90, 90s, 5m, 2h";
          },
          "");
}

void AddTargetOffline(CLI::App& app, DeployOptions& options) {
  std::vector<std::string> words;
  for (const auto& [word, value] : OfflineWords()) words.push_back(word);
  app.add_option_function<std::string>(
         "--target-offline",
         [&options](const std::string& word) {
           const auto found = OfflineWords().find(word);
           if (found != OfflineWords().end()) options.target_offline = found->second;
         },
         "when a target is not connected: wait for it (--wait), fail at once, or, once it was "
         "waited for, skip it: it keeps what it has (wait)")
      ->type_name("")
      ->check(CLI::IsMember(words));
}

void AddSubmitOptions(CLI::App& app, SubmitArguments& submit) {
  AddWait(app, submit.options);
  AddTargetOffline(app, submit.options);
  app.add_flag_callback(
      "--detach", [&submit] { submit.following = Following::kDetached; },
      "end when it is accepted; the last line is the transaction's id");
  app.add_flag_callback(
      "--supersede", [&submit] { submit.options.queueing = Queueing::kSupersedeQueued; },
      "replace what is still queued");
  app.add_option("--idempotency-key", submit.id.text,
                 "the same key submits the same thing once only");
}

}  // namespace eris::cli
