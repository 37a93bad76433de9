// What a start of `dysnomia` costs: processor time of all its processes, against an empty static
// program on the same machine at the same time. Method: many starts, interleaved, by wait4; prints
// medians.
//
// Usage: dysnomia_start DYSNOMIA EMPTY_PROGRAM [STARTS]
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "dysnomia/attempt.h"
#include "schema/base/process.h"

namespace {

using eris::Result;

double Milliseconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
}

// Processor time of one run and of everything that it waited for; negative when it failed.
double Measure(std::vector<std::string> argv) {
  eris::SpawnOptions options;
  options.argv = std::move(argv);
  options.environment = {"PATH=/usr/bin:/bin"};
  options.session = eris::SpawnSession::kNew;
  const Result<eris::Child> child = eris::Spawn(options);
  rusage usage{};
  int status = 0;
  if (!child || ::wait4(child->pid, &status, 0, &usage) < 0 || status != 0) return -1;
  return Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime);
}

struct Series {
  const char* name;
  std::vector<double> values;
  double Median() {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
  }
};

eris::dysnomia::AttemptRequest EchoRequest(const std::filesystem::path& state_dir) {
  eris::dysnomia::ActivityRequest activity;
  activity.module = "echo";
  activity.component = "/tmp";
  activity.container = "echo";
  eris::dysnomia::AttemptRequest request;
  request.activities = {activity};
  request.state_dir = state_dir;
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string program = argv[1];
  const int starts = argc > 3 ? std::atoi(argv[3]) : 1000;
  std::string dir = "/tmp/dysnomia-start-XXXXXX";
  if (::mkdtemp(dir.data()) == nullptr) return 1;
  Series empty{"empty static program", {}};
  Series command{"dysnomia -o activate (echo)", {}};
  Series attempt{"dysnomia --attempt (echo, outcome synced)", {}};
  for (int i = 0; i < starts; ++i) {
    const auto attempt_dir = std::filesystem::path(dir) / std::to_string(i);
    if (!eris::dysnomia::PrepareAttempt(attempt_dir, EchoRequest(dir))) return 1;
    empty.values.push_back(Measure({argv[2]}));
    command.values.push_back(
        Measure({program, "-o", "activate", "-c", "/tmp", "-t", "echo", "--environment"}));
    attempt.values.push_back(Measure(eris::dysnomia::AttemptCommand(program, attempt_dir)));
  }
  std::filesystem::remove_all(dir);
  const double floor = empty.Median();
  for (Series* series : {&empty, &command, &attempt}) {
    if (*std::min_element(series->values.begin(), series->values.end()) < 0) return 1;
    std::printf("%-44s %6.3f ms cpu, %6.3f ms above the empty one\n", series->name,
                series->Median(), series->Median() - floor);
  }
  return 0;
}
