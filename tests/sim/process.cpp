#include "tests/sim/process.h"

#include <utility>

namespace eris::sim {
namespace {

constexpr Duration kCalmOutage{1'000};

}  // namespace

Process::Process(Context& context, std::string name)
    : context_(context), name_(std::move(name)), kind_(name_.substr(0, name_.find('.'))) {}

void Process::Start() {
  up_ = true;
  dying_ = false;
  ++life_;
  context_.timeline.Note(name_, "starts");
  Boot();
}

void Process::Crash() {
  if (!up_) return;
  up_ = false;
  ++life_;
  context_.timeline.Note(name_, "crashes");
  Halt();
  const Duration outage = context_.faults.calm() ? kCalmOutage : context_.faults.Outage();
  context_.timeline.After(outage, [this] { Start(); });
}

void Process::Reached(std::string_view point) {
  if (!dying_ && context_.faults.CrashesAt(kind_, point)) dying_ = true;
}

void Process::After(Duration delay, std::function<void()> action) {
  context_.timeline.After(delay, [this, life = life_, action = std::move(action)] {
    if (life_ == life) action();
  });
}

}  // namespace eris::sim
