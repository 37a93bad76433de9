#include "tests/sim/campaign.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/unique_fd.h"
#include "tests/sim/simulation.h"

namespace eris::sim {
namespace {

// Seeds of one process before it is replaced: what it says fits into a pipe's buffer or nearly so.
constexpr std::uint64_t kBatch = 100;
constexpr std::uint64_t kSmallBatch = 10;  // where the first failure ends it

// What a child says, one line each: "begin SEED", "hash SEED HASH", "violation SEED TEXT",
// "coverage …".
struct Said {
  std::map<std::uint64_t, std::uint64_t> hashes;
  std::map<std::uint64_t, std::vector<std::string>> violations;
  std::optional<std::uint64_t> unfinished;
};

class Child {
 public:
  // Runs the seeds in a process of its own, once the constructor has returned.
  Child(const RunOptions& run, const std::vector<std::uint64_t>& seeds);
  // Waits for its end.
  Said Collect(Coverage& coverage);

 private:
  [[noreturn]] static void Work(const RunOptions& run, const std::vector<std::uint64_t>& seeds,
                                int to_parent);

  pid_t pid_ = -1;
  UniqueFd from_child_;
};

Child::Child(const RunOptions& run, const std::vector<std::uint64_t>& seeds) {
  std::array<int, 2> ends{};
  ERIS_CHECK(pipe(ends.data()) == 0, "a pipe");
  pid_ = fork();
  ERIS_CHECK(pid_ >= 0, "a process");
  if (pid_ == 0) {
    close(ends[0]);
    Work(run, seeds, ends[1]);
  }
  close(ends[1]);
  from_child_ = UniqueFd(ends[0]);
}

void Child::Work(const RunOptions& run, const std::vector<std::uint64_t>& seeds, int to_parent) {
  std::FILE* out = fdopen(to_parent, "w");
  Coverage coverage;
  for (const std::uint64_t seed : seeds) {
    std::fprintf(out, "begin %llu\n", static_cast<unsigned long long>(seed));
    std::fflush(out);
    RunOptions options = run;
    options.seed = seed;
    const RunReport report = Simulate(options);
    coverage.Add(report.coverage);
    std::fprintf(out, "hash %llu %llu\n", static_cast<unsigned long long>(seed),
                 static_cast<unsigned long long>(report.hash));
    for (const std::string& violation : report.violations) {
      std::fprintf(out, "violation %llu %s\n", static_cast<unsigned long long>(seed),
                   violation.c_str());
    }
  }
  std::fprintf(out, "coverage %s\n", coverage.Encode().c_str());
  std::fflush(out);
  _exit(0);
}

Said Child::Collect(Coverage& coverage) {
  Said said;
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = read(from_child_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    std::uint64_t seed = 0;
    words >> kind;
    if (kind == "coverage") {
      coverage.AddEncoded(line.substr(kind.size()));
      continue;
    }
    words >> seed;
    if (kind == "begin") said.unfinished = seed;
    if (kind == "hash") {
      words >> said.hashes[seed];
      said.unfinished.reset();
    }
    if (kind == "violation") {
      std::string rest;
      std::getline(words >> std::ws, rest);
      said.violations[seed].push_back(rest);
    }
  }
  if (said.unfinished) {
    said.violations[*said.unfinished].emplace_back("at the end, check: a core has stopped itself");
  }
  return said;
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), began_(std::chrono::steady_clock::now()) {}

  CampaignReport Run() {
    std::uint64_t next = options_.first_seed;
    const std::uint64_t end = options_.first_seed + options_.count;
    while (next < end && !IsOver()) {
      const bool ends_early = options_.stop == CampaignOptions::Stop::kAtFirstFailure;
      const std::uint64_t batch = ends_early ? kSmallBatch : kBatch;
      const std::uint64_t size = std::min<std::uint64_t>(end - next, batch * options_.processes);
      RunBatch(next, size);
      next += size;
    }
    return std::move(report_);
  }

 private:
  bool IsOver() const {
    if (options_.stop == CampaignOptions::Stop::kAtFirstFailure && !report_.failures.empty()) {
      return true;
    }
    const auto took = std::chrono::steady_clock::now() - began_;
    return options_.at_most.count() > 0 && took >= options_.at_most;
  }

  // Each process has every n-th seed; then its neighbour's.
  void RunBatch(std::uint64_t first, std::uint64_t size) {
    const Said once = RunAll(first, size, 0, report_.coverage);
    Said again;
    Coverage ignored;
    if (options_.again == CampaignOptions::Again::kInAnotherProcess) {
      again = RunAll(first, size, 1, ignored);
    }
    for (std::uint64_t seed = first; seed < first + size; ++seed) Judge(seed, once, again);
  }

  Said RunAll(std::uint64_t first, std::uint64_t size, std::uint64_t shift, Coverage& coverage) {
    std::vector<std::vector<std::uint64_t>> shares(options_.processes);
    for (std::uint64_t i = 0; i < size; ++i) {
      shares[(i + shift) % options_.processes].push_back(first + i);
    }
    std::vector<Child> children;
    children.reserve(shares.size());
    for (const std::vector<std::uint64_t>& share : shares)
      children.emplace_back(options_.run, share);
    Said all;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      for (;;) {
        Said said = children[i].Collect(coverage);
        all.hashes.merge(said.hashes);
        all.violations.merge(said.violations);
        if (!said.unfinished) break;
        // The rest of its share, in a new process.
        const auto last = std::find(shares[i].begin(), shares[i].end(), *said.unfinished);
        shares[i].erase(shares[i].begin(), last + 1);
        children[i] = Child(options_.run, shares[i]);
      }
    }
    return all;
  }

  void Judge(std::uint64_t seed, const Said& once, const Said& again) {
    ++report_.runs;
    Failure failure{.seed = seed, .violations = {}};
    const auto found = once.violations.find(seed);
    if (found != once.violations.end()) failure.violations = found->second;
    const auto first = once.hashes.find(seed);
    const auto second = again.hashes.find(seed);
    if (first != once.hashes.end() && second != again.hashes.end()) {
      ++report_.compared;
      if (first->second != second->second) {
        failure.violations.emplace_back("at the end, hash: another process ran it differently");
      }
    }
    if (!failure.violations.empty()) report_.failures.push_back(std::move(failure));
  }

  const CampaignOptions& options_;
  std::chrono::steady_clock::time_point began_;
  CampaignReport report_;
};

}  // namespace

CampaignReport RunCampaign(const CampaignOptions& options) { return Campaign(options).Run(); }

}  // namespace eris::sim
