#include "planner/depot_keeper.h"

#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/text.h"

namespace eris::planner {
namespace {

constexpr std::size_t kMaxPrinted = 4096;
constexpr Duration kLimit{600'000};  // a program that takes longer is stuck

// "freed BYTES"
Outcome CleanedOutcome(const Status& status, const std::string& printed) {
  if (!status) return {.verdict = Verdict::kFailed, .message = status.error().message};
  const std::string_view line = Trim(printed);
  const auto bytes = ParseUnsigned(line.substr(line.rfind(' ') + 1));
  return {.verdict = Verdict::kSucceeded,
          .report = CollectReport{.freed_bytes = bytes.value_or(0)}};
}

}  // namespace

DepotKeeper::DepotKeeper(Options options, link::Loop& loop, Done done)
    : options_(std::move(options)),
      loop_(loop),
      done_(std::move(done)),
      alive_(std::make_shared<bool>(true)) {}

void DepotKeeper::Perform(const WorkItem& item, const ProfileName& profile) {
  if (!items_.insert(item.id).second) return;
  const auto* collect = std::get_if<CollectItem>(&item.body);
  if (collect == nullptr || collect->scope != CollectItem::Scope::kSnapshots) {
    loop_.After(Duration(0), [this, alive = std::weak_ptr(alive_), id = item.id] {
      if (!alive.expired()) Finish(id, {.verdict = Verdict::kUnimplemented});
    });
    return;
  }
  Run({"clean", (options_.snapshots / profile.text).string(), std::to_string(collect->keep),
       collect->container.text, collect->component.text},
      [this, id = item.id](const Status& status, const std::string& printed) {
        Finish(id, CleanedOutcome(status, printed));
      });
}

void DepotKeeper::DropBases() {
  std::error_code error;
  std::filesystem::directory_iterator entry(options_.snapshots, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    if (!FileExists((entry->path() / "bases").string())) continue;
    Run({"drop-bases", entry->path().string()}, [](const Status&, const std::string&) {});
  }
}

void DepotKeeper::Finish(const ItemId& item, Outcome outcome) {
  items_.erase(item);
  done_(item, std::move(outcome));
}

void DepotKeeper::Run(const std::vector<std::string>& words, OnEnd on_end) {
  std::vector<std::string> argv{options_.dysnomia.string(), "--snapshots"};
  argv.insert(argv.end(), words.begin(), words.end());
  const std::uint64_t number = ++last_;
  running_[number].on_end = std::move(on_end);
  auto started = link::PipedProgram::Start(
      loop_, {.argv = std::move(argv), .environment = CurrentEnvironment()},
      {.on_output =
           [this, number](std::string_view bytes) {
             std::string& printed = running_.at(number).printed;
             printed.append(bytes.substr(0, kMaxPrinted - printed.size()));
           },
       .on_end = [this, number](const Status& status) { EndLater(number, Duration(0), status); }});
  if (!started) return EndLater(number, Duration(0), Fail(started.error()));
  (*started)->CloseInput();
  running_.at(number).program = *std::move(started);
  EndLater(number, kLimit,
           Fail(ErrorCode::kTimeout, "dysnomia --snapshots " + words.front() + " is stuck"));
}

// The first end counts. Later, because this may be a handler of the program that goes away.
void DepotKeeper::EndLater(std::uint64_t number, Duration delay, const Status& status) {
  loop_.After(delay, [this, alive = std::weak_ptr(alive_), number, status] {
    if (alive.expired()) return;
    auto ended = running_.extract(number);
    if (!ended.empty()) ended.mapped().on_end(status, ended.mapped().printed);
  });
}

}  // namespace eris::planner
