// What recovery costs: from the start of a planner to the first item that it publishes again, of an
// open transaction of N items; submissions accepted a second while no planner is there; bytes of
// journal an item. Method: the real daemons, a process each; the planner is killed in mid-switch
// and started again. A start is a fork here: what the program loader takes comes on top.
#include <getopt.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "planner/cli/client_config.h"
#include "planner/cli/session.h"
#include "planner/tuning.h"
#include "schema/base/random.h"
#include "schema/base/system_error.h"
#include "schema/codec/codec.h"
#include "state/journal.h"
#include "tests/bench/pipeline_site.h"

namespace eris::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration kPatience{300'000};
constexpr std::uint32_t kClients = 16;

struct Arguments {
  std::uint32_t items = 10'000;
  std::uint32_t targets = 4;
  std::uint32_t submissions = 2'000;
  std::string directory = std::filesystem::temp_directory_path();
};

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

Submission SubmissionOf(const std::string& id, SubmissionAction action) {
  return {.id = SubmissionId(id),
          .profile = ProfileName("default"),
          .author = {},
          .options = {},
          .action = std::move(action)};
}

// Submits `count` times, one after the other, from this process.
Status SubmitAll(Site& site, std::uint32_t count,
                 const std::function<Submission(std::uint32_t)>& make) {
  SystemClock clock;
  SystemRandom random;
  ERIS_ASSIGN(const auto session, cli::Session::Open({.endpoint = site.endpoint(),
                                                      .server_key = site.broker_key(),
                                                      .keys = site.TakeClientKeys()},
                                                     clock, random, [] {}));
  ERIS_TRY(session->client().WaitForBroker(kPatience));
  for (std::uint32_t i = 0; i < count; ++i) {
    ERIS_TRY(session->client().Submit(make(i), kPatience));
  }
  return {};
}

// Runs it in processes of their own, all at a time: ours must stay single-threaded.
Status InProcesses(std::uint32_t count, const std::function<Status(std::uint32_t)>& run) {
  std::fflush(nullptr);
  std::vector<pid_t> children;
  for (std::uint32_t i = 0; i < count; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) return FailErrno(errno, "cannot fork");
    if (pid == 0) {
      const Status status = run(i);
      if (!status) std::fprintf(stderr, "client: %s\n", status.error().message.c_str());
      ::_exit(status ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    children.push_back(pid);
  }
  bool all_well = true;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    all_well = all_well && status == 0;
  }
  if (!all_well) return Fail(ErrorCode::kInternal, "a client failed");
  return {};
}

// Submissions a second of so many clients, each with one that is not answered yet.
Result<double> SubmitRate(Site& site, std::uint32_t clients, std::uint32_t submissions) {
  const std::uint32_t each = std::max(submissions / clients, 1U);
  const SteadyClock::time_point start = SteadyClock::now();
  ERIS_TRY(InProcesses(clients, [&](std::uint32_t client) {
    const std::string name = std::to_string(clients) + "-" + std::to_string(client) + "-";
    return SubmitAll(site, each, [&](std::uint32_t i) {
      return SubmissionOf(name + std::to_string(i), Undeploy{});
    });
  }));
  return each * clients / SecondsSince(start);
}

Status MeasureSpool(const Arguments& arguments, const std::string& directory) {
  ERIS_ASSIGN(Site site, Site::Start({.directory = directory, .targets = 1, .window = 1}));
  site.KillPlanner();
  ERIS_ASSIGN(const double single, SubmitRate(site, 1, arguments.submissions));
  ERIS_ASSIGN(const double many, SubmitRate(site, kClients, arguments.submissions));
  std::printf(
      "submissions into the spool, no planner, sessions included: one outstanding %.0f/s, "
      "%u outstanding %.0f/s\n",
      single, kClients, many);
  return {};
}

// Until the planner tells `letter`; the end of its pipe or a minute of silence is a failure.
Status WaitForPhase(const Site& site, char letter) {
  constexpr int kSilenceMs = 60'000;
  for (;;) {
    pollfd watched{site.phases(), POLLIN, 0};
    char told = 0;
    if (::poll(&watched, 1, kSilenceMs) != 1 || ::read(site.phases(), &told, 1) != 1) {
      return Fail(ErrorCode::kInternal, std::string("the planner never told ") + letter);
    }
    if (told == letter) return {};
  }
}

Status PrintJournal(const std::string& path) {
  ERIS_ASSIGN(const auto journal, Journal::OpenReadOnly(path));
  std::size_t items = 0;
  std::size_t item_bytes = 0;
  std::string result;
  ERIS_TRY(journal->Replay({1}, [&](const Event& event) -> Status {
    const bool is_settled = std::holds_alternative<ItemSettled>(event.body);
    if (is_settled) ++items;
    if (is_settled || std::holds_alternative<ItemsPublished>(event.body)) {
      item_bytes += Encode(event).size();
    }
    if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      result = std::string(ToString(ended->result)) + " " + ended->message;
    }
    return {};
  }));
  struct stat info {};
  if (items == 0 || ::stat(path.c_str(), &info) != 0) {
    return Fail(ErrorCode::kInternal, "nothing was settled: " + result);
  }
  const auto count = static_cast<double>(items);
  std::printf("the transaction ended %s\n", result.c_str());
  std::printf(
      "journal: %zu items settled, %.0f bytes of events an item; file %.0f bytes an item, "
      "submission, plan and manifest included\n",
      items, static_cast<double>(item_bytes) / count, static_cast<double>(info.st_size) / count);
  return {};
}

Status MeasureRestart(const Arguments& arguments, const std::string& directory) {
  ERIS_ASSIGN(Site site, Site::Start({.directory = directory,
                                      .targets = arguments.targets,
                                      .window = planner::Tuning{}.window}));
  ERIS_TRY(InProcesses(1, [&](std::uint32_t) {
    return SubmitAll(site, 1, [&](std::uint32_t) {
      return SubmissionOf(
          "recover",
          DeployManifest{ManifestOf({.items = arguments.items, .targets = arguments.targets})});
    });
  }));
  ERIS_TRY(WaitForPhase(site, 's'));
  // The first items of the switch are journaled with the phase.
  site.KillPlanner();
  const SteadyClock::time_point start = SteadyClock::now();
  ERIS_TRY(site.StartPlanner());
  ERIS_TRY(WaitForPhase(site, 'P'));
  const double wall = SecondsSince(start);
  std::printf(
      "planner started to first item published again: %.3f s, %.3f s of it cpu (%u items of 1 KiB "
      "in the open transaction)\n",
      wall, CpuSecondsOf(site.processes().back()), arguments.items);
  ERIS_TRY(WaitForPhase(site, 'E'));
  std::printf("planner started to the transaction's end: %.3f s\n", SecondsSince(start));
  site.Stop();
  return PrintJournal(directory + "/planner/journal.db");
}

Status Run(const Arguments& arguments, const std::string& directory) {
  for (const char* part : {"/restart", "/spool"})
    std::filesystem::create_directory(directory + part);
  ERIS_TRY(MeasureRestart(arguments, directory + "/restart"));
  return MeasureSpool(arguments, directory + "/spool");
}

constexpr const char* kHelp =
    "usage: recover_bench [--items N] [--targets M] [--submissions K] [--directory DIR]\n"
    "\n"
    "  --items        of the open transaction (10000)\n"
    "  --targets      a worker each (4)\n"
    "  --submissions  into the spool, for each figure (2000)\n"
    "  --directory    where the databases are; on the disk to be measured\n";

std::optional<Arguments> Parse(int argc, char** argv) {
  const option options[] = {{"items", required_argument, nullptr, 'i'},
                            {"targets", required_argument, nullptr, 't'},
                            {"submissions", required_argument, nullptr, 's'},
                            {"directory", required_argument, nullptr, 'd'},
                            {nullptr, 0, nullptr, 0}};
  Arguments arguments;
  for (int key = 0; (key = ::getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    const auto number = [] { return static_cast<std::uint32_t>(std::max(std::atoi(optarg), 1)); };
    if (key == 'i') arguments.items = number();
    if (key == 't') arguments.targets = number();
    if (key == 's') arguments.submissions = number();
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
  std::string directory = arguments->directory + "/eris-recover-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return std::perror(directory.c_str()), EXIT_FAILURE;
  const eris::Status status = eris::bench::Run(*arguments, directory);
  std::filesystem::remove_all(directory);
  if (status) return EXIT_SUCCESS;
  std::fprintf(stderr, "recover_bench: %s\n", status.error().message.c_str());
  return EXIT_FAILURE;
}
