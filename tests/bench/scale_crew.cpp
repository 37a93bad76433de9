// usage: scale_crew WORKER.TOML
//
// A worker for each of the targets and systems of a worker's configuration, all in this process,
// for scripts/bench scale. Whatever they are given has succeeded at once.
#include <cstdio>
#include <string>

#include "broker/link/curve.h"
#include "broker/link/key_file.h"
#include "tests/bench/pipeline_daemons.h"
#include "worker/config.h"

namespace {

using namespace eris;

Status Run(const std::string& config_path) {
  constexpr std::uint32_t kWindow = 32;
  ERIS_ASSIGN(const WorkerConfig config, LoadWorkerConfig(config_path));
  ERIS_ASSIGN(const link::CurveKeys keys, link::ReadKeyFile(config.key_file));
  ERIS_ASSIGN(const link::PublicKey server_key, link::PublicKey::FromText(config.server_key));
  bench::Crew crew{.queues = {}, .window = kWindow};
  for (const std::string& target : config.targets) {
    crew.queues.push_back({.kind = QueueName::Kind::kTarget, .name = target});
  }
  for (const std::string& system : config.systems) {
    crew.queues.push_back({.kind = QueueName::Kind::kBuilder, .name = system});
  }
  return bench::RunCrew({.name = config.name, .directory = config.state_dir}, crew,
                        {config.endpoint, server_key}, keys);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: scale_crew WORKER.TOML\n");
    return 1;
  }
  const Status status = Run(argv[1]);
  if (status) return 0;
  std::fprintf(stderr, "scale_crew: %s\n", status.error().message.c_str());
  return 1;
}
