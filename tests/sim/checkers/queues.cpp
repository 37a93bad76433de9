// D7: every queue is within its bound.
#include "tests/sim/checkers/all.h"
#include "tests/sim/nodes.h"

namespace eris::sim {
namespace {

constexpr std::size_t kMostHeld = 512;  // AgentOptions::max_items

class QueueChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnQueues(const QueuesSeen& seen) override {
    Check("a queue of the broker", seen.broker_waiting, kItemsPerQueue);
    Check("a worker", seen.worker_held, kMostHeld);
    Check("a lane of the planner", seen.planner_out, seen.window);
  }

 private:
  void Check(const std::string& what, std::size_t size, std::size_t bound) {
    if (size <= bound) return;
    verdicts_.Report("queues", what + " holds more than " + std::to_string(bound) + " items");
  }
};

}  // namespace

std::unique_ptr<Checker> MakeQueueChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<QueueChecker>(world, verdicts);
}

}  // namespace eris::sim
