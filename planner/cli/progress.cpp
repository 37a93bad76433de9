#include "planner/cli/progress.h"

#include <algorithm>
#include <variant>

#include "schema/base/overloaded.h"

namespace eris::cli {
namespace {

using State = ItemProgress::State;

// A broken planner must not make the command line allocate without bound.
constexpr std::uint32_t kMaxItems = 4'000'000;

}  // namespace

ItemProgress& Progress::At(ItemIndex item) {
  if (item.value >= items_.size()) items_.resize(item.value + std::size_t{1});
  return items_[item.value];
}

const ItemProgress* Progress::Find(ItemIndex item) const {
  return item.value < items_.size() ? &items_[item.value] : nullptr;
}

void Progress::Apply(const OutlineReply& outline) {
  if (!transaction_) transaction_ = outline.transaction;
  for (const ItemOutline& item : outline.items) {
    if (item.index.value < kMaxItems) At(item.index).outline = item;
  }
}

bool Progress::Apply(const Event& event, SteadyTime now) {
  if (event.sequence <= last_) return false;
  last_ = event.sequence;
  if (event.transaction) transaction_ = event.transaction;
  std::visit(Overloaded{
                 [](const PlannerStarted&) {},
                 [](const PlannerSuperseded&) {},
                 [this](const SubmissionAccepted&) { end_.reset(); },
                 [this](const TransactionPlanned& e) { summary_ = e.plan.summary; },
                 [this](const PhaseEntered& e) { On(e); },
                 [this, now](const ItemsPublished& e) { On(e, now); },
                 [this](const ItemSettled& e) { On(e); },
                 [this](const CancelRequested& e) { why_ = "cancelled by " + e.author; },
                 [this](const TargetVerified& e) {
                   if (e.verdict != TargetVerified::Verdict::kVerified) unverified_.push_back(e);
                 },
                 [this](const GenerationCommitted& e) { generation_ = e.generation; },
                 [this](const TransactionEnded& e) {
                   end_ = e;
                   phase_ = TransactionPhase::kEnded;
                 },
                 [this](const RollbackResumed&) { end_.reset(); },
                 [](const Abandoned&) {},
                 [](const TransactionPaused&) {},
                 [](const TransactionResumed&) {},
                 [](const GenerationsDeleted&) {},
             },
             event.body);
  return true;
}

void Progress::On(const PhaseEntered& event) {
  phase_ = event.phase;
  if (!event.why.empty()) why_ = event.why;
}

void Progress::On(const ItemsPublished& event, SteadyTime now) {
  for (const PublishedItem& published : event.items) {
    if (published.index.value >= kMaxItems) continue;
    ItemProgress& item = At(published.index);
    item.state =
        published.grade.direction == Direction::kForward ? State::kRunning : State::kUndoing;
    item.since = now;
  }
}

void Progress::On(const ItemSettled& event) {
  if (event.item.index.value >= kMaxItems) return;
  ItemProgress& item = At(event.item.index);
  const bool is_forward = event.item.grade.direction == Direction::kForward;
  switch (event.outcome.verdict) {
    case Verdict::kSucceeded:
    case Verdict::kUnimplemented:  // a module without the activity: nothing to do
      std::erase_if(failures_, [&event](const FailedStep& failure) {  // of earlier attempts
        return failure.item == event.item.index && failure.direction == event.item.grade.direction;
      });
      item.state = is_forward ? State::kDone : State::kUndone;
      return;
    case Verdict::kRefused:
    case Verdict::kCancelled:
    case Verdict::kUnavailable:
      item.state = State::kWaiting;  // another attempt may come
      return;
    case Verdict::kFailed:
    case Verdict::kUnknown:
      item.state = State::kFailed;
      failures_.push_back({event.item.index, event.item.grade.direction, event.outcome});
      return;
  }
}

std::map<std::string, QueueProgress> Progress::Queues() const {
  std::map<std::string, QueueProgress> queues;
  for (const ItemProgress& item : items_) {
    if (item.outline.queue.empty()) continue;
    QueueProgress& queue = queues[item.outline.queue];
    switch (item.state) {
      case State::kWaiting:
        ++queue.waiting;
        break;
      case State::kDone:
        ++queue.done;
        break;
      case State::kFailed:
        ++queue.failed;
        break;
      case State::kUndone:
        ++queue.undone;
        break;
      case State::kRunning:
      case State::kUndoing: {
        ++queue.running;
        const ItemProgress* oldest = queue.current ? Find(*queue.current) : nullptr;
        if (oldest == nullptr || item.since < oldest->since) queue.current = item.outline.index;
        break;
      }
    }
  }
  return queues;
}

std::uint32_t Progress::CountOf(ItemProgress::State state) const {
  return static_cast<std::uint32_t>(
      std::count_if(items_.begin(), items_.end(),
                    [state](const ItemProgress& item) { return item.state == state; }));
}

bool Progress::is_operation() const {
  return !items_.empty() && std::all_of(items_.begin(), items_.end(), [](const ItemProgress& item) {
    return item.outline.phase == PlanPhase::kAfterCommit;
  });
}

}  // namespace eris::cli
