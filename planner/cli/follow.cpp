#include "planner/cli/follow.h"

#include <optional>
#include <utility>
#include <variant>

#include "planner/cli/arguments.h"
#include "planner/cli/asking.h"
#include "planner/cli/progress_text.h"

namespace eris::cli {
namespace {

constexpr Duration kTick{200};
constexpr Duration kPollInterval{2'000};
constexpr Duration kPollPatience{6'000};
constexpr Duration kRetryInterval{500};
constexpr Duration kWaitingInterval{10'000};  // between two lines about the same thing

// One transaction being followed: a stream of its events, and a question about its status every
// other second. When the planner or the broker restarts, the broker's welcome makes the client ask
// for the stream again, from where it broke off. Should it stop for another reason, the status gets
// ahead of the events.
class Follower {
 public:
  Follower(Client& client, Output& output, FollowOptions options)
      : client_(client),
        output_(output),
        ref_(std::move(options.transaction)),
        announced_(std::move(options.announced)) {
    progress_.SkipTo(options.from);
  }
  ~Follower() {
    client_.Forget(watch_);
    client_.Forget(poll_);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  Result<Followed> Run() {
    StartWatch();
    for (;;) {
      const Client::Ran ran = client_.RunUntil([this] { return ended_ || failure_; }, kTick);
      if (failure_) return Fail(*failure_);
      if (ended_) return Ending();
      if (ran == Client::Ran::kInterrupted) return Interrupted();
      ERIS_TRY(Tick());
    }
  }

 private:
  SteadyTime now() { return client_.loop().now().steady; }

  Request Question() const {
    Request request;
    request.transaction = ref_;
    return request;
  }

  Request WatchFromHere() const {
    Request request = Question();
    request.from = progress_.next();
    return request;
  }

  void StartWatch() {
    client_.Forget(watch_);
    retry_at_.reset();
    watch_ = client_.Start(RequestVerb::kWatch, WatchFromHere(),
                           [this](Result<Reply> reply) { OnWatch(std::move(reply)); });
  }

  void StartPoll() {
    client_.Forget(poll_);
    polled_at_ = now();
    is_polling_ = true;
    poll_ = client_.Start(RequestVerb::kStatus, Question(),
                          [this](Result<Reply> reply) { OnPoll(std::move(reply)); });
  }

  Status Tick() {
    if (!client_.established()) WaitFor("the broker");
    if (unknown_) ERIS_TRY(AskBroker());
    if (retry_at_ && now() >= *retry_at_) StartWatch();
    const Duration since_poll = now() - polled_at_;
    if (is_polling_ && since_poll >= kPollPatience) LosePlanner();
    if (!is_polling_ && since_poll >= kPollInterval) StartPoll();
    if (output_.terminal() && progress_.transaction()) {
      output_.Show(ScreenOf(progress_, now(), output_.Size()));
    }
    return {};
  }

  // The planner does not know the submission (yet): the broker knows whether it waits in the spool.
  Status AskBroker() {
    Error error = WhyUnknown(client_, ref_, *std::exchange(unknown_, std::nullopt));
    if (error.code == ErrorCode::kUnavailable) {
      WaitFor("the planner to take the submission");
      return {};
    }
    // It may have been taken between the two answers.
    const bool is_sure = error.code != ErrorCode::kNotFound || std::exchange(was_unknown_, true);
    return is_sure || ref_.submission.empty() ? Fail(std::move(error)) : Status();
  }

  void OnWatch(Result<Reply> reply) {
    if (!reply) {
      OnWatchError(reply.error());
      return;
    }
    is_known_ = true;
    if (const auto* outline = std::get_if<OutlineReply>(&reply->body)) progress_.Apply(*outline);
    if (const auto* events = std::get_if<EventsReply>(&reply->body)) {
      for (const Event& event : events->events) OnEvent(event);
      client_.Amend(watch_, WatchFromHere());
    }
    events_seen_ = true;
    if (progress_.end() || has_stopped_) StartPoll();  // the planner has the last word
    if (reply->more == More::kLast && !progress_.end()) retry_at_ = now() + kRetryInterval;
  }

  void OnWatchError(const Error& error) {
    retry_at_ = now() + kRetryInterval;
    if (error.code == ErrorCode::kUnavailable) {
      WaitFor("the planner");
      return;
    }
    if (error.code == ErrorCode::kNotFound && !is_known_) {
      unknown_ = error;
    } else {
      failure_ = error;
    }
  }

  void OnEvent(const Event& event) {
    if (!progress_.Apply(event, now())) return;
    has_stopped_ = std::holds_alternative<TransactionPaused>(event.body);
    if (output_.terminal()) return;
    for (const std::string& line : LinesOf(progress_, event)) {
      if (line != announced_) output_.Say(line);
    }
  }

  // Its next answer may come from another process, which knows nothing of our watch.
  void LosePlanner() {
    is_polling_ = false;
    lost_planner_ = true;
    WaitFor("the planner");
  }

  void OnPoll(Result<Reply> reply) {
    is_polling_ = false;
    if (!reply) {
      if (reply.error().code == ErrorCode::kUnavailable) LosePlanner();
      return;
    }
    const auto* status = std::get_if<StatusReply>(&reply->body);
    if (status == nullptr || status->transactions.empty()) return;
    const TransactionStatus& newest = status->transactions.front();
    progress_.Apply(newest);
    has_stopped_ = false;
    if (!newest.is_paused) {
      for (const std::string& wait : newest.waiting_for) WaitFor(wait);
    }
    const bool is_over = newest.phase == TransactionPhase::kEnded && newest.result;
    if ((is_over && progress_.end()) || newest.is_paused) {
      ended_ = true;
      return;
    }
    // Ahead of the events twice in a row: the stream is lost.
    const bool is_ahead = newest.phase != progress_.phase();
    const bool is_stalled = is_ahead && !std::exchange(events_seen_, false);
    if (std::exchange(lost_planner_, false) || is_stalled) StartWatch();
  }

  // Says once in a while what nothing can go on without; a terminal shows it all the time.
  void WaitFor(const std::string& what) {
    const bool is_new = what != waiting_for_;
    if (!is_new && now() - said_waiting_ < kWaitingInterval) return;
    if (output_.terminal() && !is_new && progress_.transaction()) return;
    waiting_for_ = what;
    said_waiting_ = now();
    output_.Say("waiting for " + what);
  }

  std::string Name() const {
    return progress_.transaction() ? std::to_string(progress_.transaction().value) : ToString(ref_);
  }

  Followed Interrupted() {
    output_.ClearScreen();
    output_.Note("interrupted; transaction " + Name() + " goes on without you");
    output_.Note("  follow it: eris watch " + Name());
    output_.Note("  end it:    eris cancel " + Name());
    Followed followed{ExitCode::kInterrupted, {}};
    if (progress_.status()) followed.status = *progress_.status();
    return followed;
  }

  Followed Ending() {
    const TransactionStatus& status = *progress_.status();
    if (!status.result) {  // paused
      for (const std::string& wait : status.waiting_for) output_.Say("waiting for " + wait);
      return {ExitCode::kDone, status};
    }
    for (const std::string& line : EndingOf(status, progress_)) output_.Say(line);
    return {ExitCodeOf(*status.result), status};
  }

  Client& client_;
  Output& output_;
  TransactionRef ref_;
  std::string announced_;
  Progress progress_;
  std::uint64_t watch_ = 0;
  std::uint64_t poll_ = 0;
  SteadyTime polled_at_;
  std::optional<SteadyTime> retry_at_;
  std::optional<Error> failure_;
  std::string waiting_for_;
  SteadyTime said_waiting_;
  bool is_polling_ = false;
  bool is_known_ = false;         // the planner has it
  std::optional<Error> unknown_;  // the planner says that it has not
  bool was_unknown_ = false;      // the broker said so, too
  bool events_seen_ = false;      // since the last answered question
  bool lost_planner_ = false;     // it did not answer the last one
  bool ended_ = false;
  bool has_stopped_ = false;  // where it was to stop, as far as the events tell
};

}  // namespace

Result<Followed> Follow(Client& client, Output& output, FollowOptions options) {
  return Follower(client, output, std::move(options)).Run();
}

}  // namespace eris::cli
