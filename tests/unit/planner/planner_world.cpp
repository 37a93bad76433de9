#include "tests/unit/planner/planner_world.h"

#include <utility>
#include <variant>

#include "schema/base/check.h"

namespace eris::planner::testing {

PlannerWorld::PlannerWorld() {
  fleet_.AddBuilder("x86_64-linux");
  Recover();
}

void PlannerWorld::Recover() {
  Result<Coordinator> recovered = Coordinator::Recover({}, journal_, now_);
  ERIS_CHECK(recovered.has_value(), recovered ? "" : recovered.error().message);
  coordinator_.emplace(std::move(*recovered));
}

void PlannerWorld::Restart() {
  coordinator_.reset();
  Recover();
  Welcome();
}

void PlannerWorld::Welcome(std::uint64_t boot) {
  eris::Welcome welcome;
  welcome.boot = boot;
  welcome.journal = coordinator_->journal();
  welcome.epoch = coordinator_->epoch();
  coordinator_->OnWelcome(welcome, now_);
  for (const std::string& queue : fleet_.queues()) {
    const bool connected = fleet_.IsConnected(queue);
    coordinator_->OnPresence(
        {.queue = queue,
         .state = connected ? Presence::State::kConnected : Presence::State::kAbsent,
         .worker = {},
         .software = {}},
        now_);
  }
}

void PlannerWorld::SetConnected(const std::string& target, bool connected) {
  if (connected) {
    fleet_.Connect(target);
  } else {
    fleet_.Disconnect(target);
  }
  coordinator_->OnPresence(
      {.queue = "target." + target,
       .state = connected ? Presence::State::kConnected : Presence::State::kAbsent,
       .worker = {},
       .software = {}},
      now_);
}

void PlannerWorld::Turn() {
  coordinator_->Advance(now_);
  Coordinator::Decisions& decisions = coordinator_->decisions();
  const bool appends = !decisions.records.empty();
  if (appends && crash_ && crash_->append == appends_) {
    const bool keep = crash_->when == Crash::When::kAfterAppend;
    if (keep) ERIS_CHECK(journal_.Append(decisions.records).has_value(), "memory");
    ++appends_;
    crash_.reset();
    crashed_ = true;
    Restart();
    Turn();
    return;
  }
  if (appends) ++appends_;
  const Status done =
      FinishTurn(decisions, journal_, [this](const Effect& effect) { Release(effect); });
  ERIS_CHECK(done.has_value(), "memory");
}

void PlannerWorld::Release(const Effect& effect) {
  if (const auto* publish = std::get_if<PublishItem>(&effect)) {
    published_.push_back(*publish);
    fleet_.Deliver(*publish);
  } else if (const auto* acknowledge = std::get_if<AcknowledgeOutcome>(&effect)) {
    acknowledged_.push_back(acknowledge->item);
  } else if (const auto* confirm = std::get_if<ConfirmSubmission>(&effect)) {
    taken_[confirm->taken.id] = confirm->taken;
  } else if (const auto* reply = std::get_if<SendReply>(&effect)) {
    replies_.push_back(*reply);
  } else if (const auto* stop = std::get_if<StopPlanner>(&effect)) {
    stopped_ = stop->error;
  }
}

bool PlannerWorld::AnswerOne() {
  const std::optional<FakeFleet::Answer> answer = fleet_.RunNext();
  if (!answer) return false;
  coordinator_->OnOutcome(answer->queue, answer->outcome, now_);
  return true;
}

bool PlannerWorld::SettleUntil(const std::function<bool()>& reached) {
  for (;;) {
    Turn();
    if (reached()) return true;
    if (!AnswerOne()) return false;
  }
}

void PlannerWorld::Settle(Duration horizon) {
  const SteadyTime end = now_.steady + horizon;
  for (;;) {
    Turn();
    if (AnswerOne()) continue;
    const std::optional<SteadyTime> wake = coordinator_->NextWake();
    const bool is_over = !wake || *wake > end;
    PassTime(is_over ? end - now_.steady : std::max(*wake - now_.steady, Duration(1)));
    if (is_over) return;
  }
}

void PlannerWorld::PassTime(Duration time) {
  now_.steady = now_.steady + time;
  now_.wall.ms += time.count();
}

void PlannerWorld::SubmitAs(const std::string& id, SubmissionAction action, DeployOptions options) {
  coordinator_->OnSubmission({.id = SubmissionId(id),
                              .profile = ProfileName("default"),
                              .author = "alice",
                              .options = std::move(options),
                              .action = std::move(action)},
                             now_);
}

TransactionId PlannerWorld::Run(SubmissionAction action, DeployOptions options) {
  const std::string id = "run-" + std::to_string(next_id_++);
  const auto submit = [&] { SubmitAs(id, action, options); };
  submit();
  Settle();
  // The broker hands a submission over again until it is taken.
  if (!taken_.contains(SubmissionId(id))) {
    submit();
    Settle();
  }
  return taken_.at(SubmissionId(id)).transaction;
}

std::vector<Reply> PlannerWorld::Ask(RequestVerb verb, Request request, std::uint64_t number) {
  const std::size_t before = replies_.size();
  coordinator_->OnRequest({.client = {5},
                           .request = number,
                           .verb = verb,
                           .author = "alice",
                           .profiles = asker_profiles_,
                           .targets = asker_targets_,
                           .body = std::move(request)},
                          now_);
  Turn();
  std::vector<Reply> answers;
  for (std::size_t i = before; i < replies_.size(); ++i) {
    if (replies_[i].request == number) answers.push_back(replies_[i].reply);
  }
  return answers;
}

std::vector<Reply> PlannerWorld::RepliesTo(std::uint64_t request) const {
  std::vector<Reply> found;
  for (const SendReply& reply : replies_) {
    if (reply.request == request) found.push_back(reply.reply);
  }
  return found;
}

TransactionStatus PlannerWorld::StatusOf(TransactionId transaction) {
  const auto found = coordinator_->transactions().find(transaction);
  if (found != coordinator_->transactions().end()) return found->second->Status(now_.steady);
  return journal_.LoadTransaction(transaction).value_or(TransactionStatus{});
}

std::optional<TransactionResult> PlannerWorld::ResultOf(TransactionId transaction) {
  return StatusOf(transaction).result;
}

}  // namespace eris::planner::testing
