#include "tests/sim/process.h"

#include <utility>

namespace eris::sim {
namespace {

constexpr Duration kCalmOutage{1'000};

}  // namespace

Process::Process(Context& context, std::string name)
    : context_(context), name_(std::move(name)), kind_(name_.substr(0, name_.find('.'))) {}

void Process::Start() {
  if (up_ || retired_) return;
  up_ = true;
  dying_ = false;
  ++life_;
  context_.timeline.Note(name_, "starts");
  Boot();
}

void Process::Crash() { StayDown(context_.faults.calm() ? kCalmOutage : context_.faults.Outage()); }

void Process::StayDown(Duration outage) {
  if (!up_) return;
  up_ = false;
  ++life_;
  context_.timeline.Note(name_, "crashes");
  Halt();
  context_.timeline.After(outage, [this, life = life_] {
    if (life_ == life) Start();
  });
}

void Process::Retire() {
  retired_ = true;
  StayDown(kCalmOutage);
}

Now Process::now() const {
  Now now = context_.timeline.now();
  now.wall.ms += skew_.count();
  return now;
}

void Process::Reached(std::string_view point) {
  if (point == kBeforeSend) return;  // nothing has happened since the point before it
  if (!dying_ && context_.faults.CrashesAt(kind_, point)) dying_ = true;
}

void Process::After(Duration delay, std::function<void()> action) {
  context_.timeline.After(delay, [this, life = life_, action = std::move(action)] {
    if (life_ == life) action();
  });
}

}  // namespace eris::sim
