// What the whole way of an item costs: journal → publish → deliver → ledger → outcome → journal →
// acknowledged, everything synced, over CURVE. Method: real broker, planner and workers, a process
// each, whose items succeed at once; one submission activates N mappings, 1 KiB an item;
// the journal's times from the first activation published to the last one settled. The file
// system's own rate of synced appends is measured in the same run: compare their ratio.
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "planner/cli/client_config.h"
#include "planner/cli/session.h"
#include "schema/base/files.h"
#include "schema/base/overloaded.h"
#include "schema/base/random.h"
#include "schema/base/system_error.h"
#include "schema/codec/codec.h"
#include "state/journal.h"
#include "tests/bench/pipeline_site.h"

namespace eris::bench {
namespace {

constexpr Duration kPatience{600'000};
constexpr double kKib = 1024;

struct Arguments {
  std::uint32_t items = 20'000;
  std::uint32_t targets = 4;
  std::uint32_t window = 512;  // what a worker grants credit for
  std::string directory = std::filesystem::temp_directory_path();
};

// Of one process, at one moment.
struct Usage {
  double cpu_s = 0;
  double written_bytes = 0;  // to files, their write-ahead logs included
  std::uint64_t syncs = 0;
};

Usage UsageOf(const SiteProcess& process) {
  Usage usage{.cpu_s = CpuSecondsOf(process), .syncs = process.synced->appends};
  const auto io = ReadFile("/proc/" + std::to_string(process.pid) + "/io", 4096);
  const std::string key = "\nwrite_bytes: ";
  if (const std::size_t at = io ? io->find(key) : std::string::npos; at != std::string::npos) {
    usage.written_bytes = std::atof(io->c_str() + at + key.size());
  }
  return usage;
}

std::vector<Usage> UsageOf(const Site& site) {
  std::vector<Usage> all;
  for (const SiteProcess& process : site.processes()) all.push_back(UsageOf(process));
  return all;
}

// What the processes used while the items were on their way.
struct Watched {
  std::vector<Usage> before;
  std::vector<Usage> after;
  bool switched = false;  // that phase went well
};

Result<Watched> Deploy(Site& site, const Arguments& arguments) {
  SystemClock clock;
  SystemRandom random;
  ERIS_ASSIGN(const auto session, cli::Session::Open({.endpoint = site.endpoint(),
                                                      .server_key = site.broker_key(),
                                                      .keys = site.TakeClientKeys()},
                                                     clock, random, [] {}));
  cli::Client& client = session->client();
  ERIS_TRY(client.WaitForBroker(kPatience));
  Watched watched;
  bool ended = false;
  ERIS_ASSIGN(const link::WatchId watch,
              client.loop().Watch(site.phases(), link::Interest::kRead, [&](link::Readiness) {
                char phase = 'E';
                // What comes after the commit is not measured.
                ended = ::read(site.phases(), &phase, 1) != 1 || phase == 'E' || phase == 'f';
                if (phase == 's') watched.before = UsageOf(site);
                if (phase == 'c') watched.after = UsageOf(site);
              }));
  ERIS_ASSIGN(const SubmitReply reply,
              client.Submit({.id = SubmissionId("pipeline"),
                             .profile = ProfileName("default"),
                             .author = {},
                             .options = {},
                             .action = DeployManifest{ManifestOf(
                                 {.items = arguments.items, .targets = arguments.targets})}},
                            kPatience));
  client.RunUntil([&] { return ended; }, kPatience);
  client.loop().Unwatch(watch);
  watched.switched = !watched.before.empty() && !watched.after.empty();
  return watched;
}

// What the journal tells of the activations.
struct Journaled {
  std::size_t items = 0;
  std::size_t item_bytes = 0;  // of one, encoded
  std::optional<WallTime> published;
  WallTime settled;
  std::string result;
};

Result<Journaled> ReadJournal(const std::string& path) {
  ERIS_ASSIGN(const auto journal, Journal::OpenReadOnly(path));
  Journaled journaled;
  std::vector<bool> is_activation;
  const auto is_one = [&](const PublishedItem& item) { return is_activation[item.index.value]; };
  const auto visit = [&](const Event& event) -> Status {
    if (const auto* planned = std::get_if<TransactionPlanned>(&event.body)) {
      for (const PlanItem& item : planned->plan.items) {
        is_activation.push_back(std::holds_alternative<ActivateItem>(item.body));
        if (!is_activation.back() || journaled.item_bytes > 0) continue;
        WorkItem sent;
        sent.body = item.body;
        journaled.item_bytes = Encode(sent).size();
      }
    } else if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      const bool first = !journaled.published &&
                         std::any_of(published->items.begin(), published->items.end(), is_one);
      if (first) journaled.published = event.at;
    } else if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
      if (!is_one(settled->item)) return {};
      ++journaled.items;
      journaled.settled = event.at;
    } else if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      journaled.result = std::string(ToString(ended->result)) + " " + ended->message;
    }
    return {};
  };
  ERIS_TRY(journal->Replay({1}, visit));
  return journaled;
}

// Synced appends of 4 KiB a second, for two seconds.
Result<double> RawRate(const std::string& path) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::duration<double> kSpan{2};
  const UniqueFd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  const std::string block(4096, 'x');
  std::uint64_t appends = 0;
  const Clock::time_point start = Clock::now();
  std::chrono::duration<double> passed{};
  for (; passed < kSpan; passed = Clock::now() - start, ++appends) {
    ERIS_TRY(WriteAll(file.get(), block));
    if (::fdatasync(file.get()) != 0) return FailErrno(errno, "cannot sync " + path);
  }
  return static_cast<double>(appends) / passed.count();
}

void PrintProcesses(const std::vector<SiteProcess>& processes, const Watched& watched,
                    double items) {
  std::printf("  %-12s %8s %12s %8s %11s %17s\n", "process", "cpu s", "cpu µs/item", "syncs",
              "items/sync", "KiB written/item");
  for (std::size_t i = 0; i < processes.size(); ++i) {
    const Usage& before = watched.before[i];
    const Usage& after = watched.after[i];
    const double cpu = after.cpu_s - before.cpu_s;
    const auto syncs = static_cast<double>(after.syncs - before.syncs);
    if (processes[i].name == "builder") continue;
    std::printf("  %-12s %8.2f %11.1f %8.0f %11.1f %17.2f\n", processes[i].name.c_str(), cpu,
                cpu * 1e6 / items, syncs, syncs > 0 ? items / syncs : 0,
                (after.written_bytes - before.written_bytes) / kKib / items);
  }
}

Status Run(const Arguments& arguments, const std::string& directory) {
  ERIS_ASSIGN(Site site, Site::Start({.directory = directory,
                                      .targets = arguments.targets,
                                      .window = arguments.window}));
  ERIS_ASSIGN(const Watched watched, Deploy(site, arguments));
  const std::vector<SiteProcess> processes = site.processes();
  site.Stop();
  ERIS_ASSIGN(const Journaled journaled, ReadJournal(directory + "/planner/journal.db"));
  ERIS_ASSIGN(const double raw, RawRate(directory + "/raw"));
  if (!watched.switched || !journaled.published) {
    return Fail(ErrorCode::kInternal, "nothing was switched: " + journaled.result);
  }
  const auto items = static_cast<double>(journaled.items);
  const double wall = static_cast<double>(journaled.settled.ms - journaled.published->ms) / 1e3;
  std::printf("pipeline: %zu items of %zu bytes, %u targets, window %u, in %s\n", journaled.items,
              journaled.item_bytes, arguments.targets, arguments.window,
              arguments.directory.c_str());
  PrintProcesses(processes, watched, items);
  std::printf("  first published to last settled %.3f s: %.0f items/s\n", wall, items / wall);
  std::printf("  append of 4 KiB + fdatasync: %.0f/s\n", raw);
  std::printf("  ratio: %.2f items for each raw append\n", items / wall / raw);
  return {};
}

constexpr const char* kHelp =
    "usage: pipeline_bench [--items N] [--targets M] [--window W] [--directory DIR]\n"
    "\n"
    "  --items      activations that go through (20000)\n"
    "  --targets    a worker each (4)\n"
    "  --window     items of one target that are out at a time (512, a worker's credit; planners "
    "have 32)\n"
    "  --directory  where the databases are; on the disk to be measured\n";

std::optional<Arguments> Parse(int argc, char** argv) {
  const option options[] = {{"items", required_argument, nullptr, 'i'},
                            {"targets", required_argument, nullptr, 't'},
                            {"window", required_argument, nullptr, 'w'},
                            {"directory", required_argument, nullptr, 'd'},
                            {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  for (int key = 0; (key = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    const auto number = [] { return static_cast<std::uint32_t>(std::max(std::atoi(optarg), 1)); };
    if (key == 'i') arguments.items = number();
    if (key == 't') arguments.targets = number();
    if (key == 'w') arguments.window = number();
    if (key == 'd') arguments.directory = optarg;
    if (key == '?') return std::nullopt;
  }
  return arguments;
}

}  // namespace
}  // namespace eris::bench

int main(int argc, char** argv) {
  const auto arguments = eris::bench::Parse(argc, argv);
  if (!arguments) return std::fputs(eris::bench::kHelp, stderr), EXIT_FAILURE;
  std::string directory = arguments->directory + "/eris-pipeline-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return std::perror(directory.c_str()), EXIT_FAILURE;
  const eris::Status status = eris::bench::Run(*arguments, directory);
  std::filesystem::remove_all(directory);
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "pipeline_bench: %s\n", status.error().message.c_str());
  return EXIT_FAILURE;
}
