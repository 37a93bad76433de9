#include "planner/cli/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <variant>

#include "planner/cli/lists.h"
#include "planner/cli/progress_text.h"
#include "schema/base/text.h"

namespace eris::cli {
namespace {

constexpr std::string_view kTargetPrefix = "target.";

// The last try at an item, in either direction.
struct LastTry {
  PublishedItem item;
  WallTime published_at;
  WallTime settled_at;  // 0 = it is under way
  Outcome outcome;
};

std::map<ItemIndex, LastTry> LastTries(const std::vector<Event>& events) {
  std::map<ItemIndex, LastTry> tries;
  for (const Event& event : events) {
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) {
        tries[item.index] = {.item = item, .published_at = event.at};
      }
    }
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled == nullptr) continue;
    LastTry& last = tries[settled->item.index];
    if (last.item.grade != settled->item.grade) continue;  // a late word on an earlier try
    last.settled_at = event.at;
    last.outcome = settled->outcome;
  }
  return tries;
}

bool IsGood(const Outcome& outcome) { return outcome.verdict == Verdict::kSucceeded; }

class Chain {
 public:
  Chain(const WhyFacts& facts, const WhySubject& subject)
      : facts_(facts), subject_(subject), tries_(LastTries(facts.events)) {}

  std::vector<std::string> Make() {
    for (const Event& event : facts_.events) OnEvent(event);
    if (IsNarrow()) AddItems();
    if (!facts_.status.result) AddPresent();
    return std::move(lines_);
  }

 private:
  bool IsNarrow() const { return subject_.item || !subject_.name.empty(); }

  const ItemOutline* Find(ItemIndex item) const {
    const auto found = std::ranges::find(facts_.items, item, &ItemOutline::index);
    return found == facts_.items.end() ? nullptr : &*found;
  }
  bool IsWanted(ItemIndex item) const {
    const ItemOutline* outline = Find(item);
    return outline == nullptr ? !IsNarrow() : Concerns(*outline, subject_);
  }

  std::string NameOf(const PublishedItem& item) const {
    const ItemOutline* outline = Find(item.index);
    std::string text = fmt::format("step {}", item.index.value);
    if (item.grade.direction == Direction::kInverse) text += " undo:";
    if (outline != nullptr) text += fmt::format(" {} on {}", outline->subject, outline->queue);
    return item.grade.attempt > 1 ? text + fmt::format(", attempt {}", item.grade.attempt) : text;
  }

  void Add(WallTime at, const std::string& text) { lines_.push_back(TimeText(at) + "  " + text); }

  // What moved the transaction as a whole, and every step that did not succeed.
  void OnEvent(const Event& event) {
    if (const auto* accepted = std::get_if<SubmissionAccepted>(&event.body)) {
      Add(event.at, "submitted by " + accepted->submission.author);
    } else if (const auto* phase = std::get_if<PhaseEntered>(&event.body)) {
      Add(event.at, std::string(ToString(phase->phase)) +
                        (phase->why.empty() ? "" : ", because: " + phase->why));
    } else if (const auto* settled = std::get_if<ItemSettled>(&event.body)) {
      if (IsGood(settled->outcome) || !IsWanted(settled->item.index)) return;
      Add(event.at,
          fmt::format("{}: {}{}", NameOf(settled->item), ToString(settled->outcome.verdict),
                      settled->outcome.message.empty() ? "" : ": " + settled->outcome.message));
    } else if (const auto* cancel = std::get_if<CancelRequested>(&event.body)) {
      Add(event.at,
          "cancelled by " + cancel->author + (cancel->reason.empty() ? "" : ": " + cancel->reason));
    } else if (const auto* abandoned = std::get_if<Abandoned>(&event.body)) {
      Add(event.at, "given up by " + abandoned->author);
    } else if (const auto* resumed = std::get_if<RollbackResumed>(&event.body)) {
      Add(event.at, "tried again by " + resumed->author);
    } else {
      OnEnding(event);
    }
  }

  void OnEnding(const Event& event) {
    if (const auto* verified = std::get_if<TargetVerified>(&event.body)) {
      if (verified->verdict == TargetVerified::Verdict::kVerified) return;
      std::string text = verified->target.text + " could not be looked at: unverified";
      if (verified->verdict == TargetVerified::Verdict::kDiffers) {
        text = verified->target.text + " differs from what it ran before";
      }
      for (const std::string& difference : verified->differences) text += "; " + difference;
      Add(event.at, text);
    } else if (const auto* committed = std::get_if<GenerationCommitted>(&event.body)) {
      Add(event.at, fmt::format("committed as generation {}", committed->generation.value));
    } else if (const auto* ended = std::get_if<TransactionEnded>(&event.body)) {
      Add(event.at, fmt::format("ended: {}{}", ToString(ended->result),
                                ended->message.empty() ? "" : ": " + ended->message));
    }
  }

  // Where each step that was asked about stands.
  void AddItems() {
    for (const ItemOutline& item : facts_.items) {
      if (!Concerns(item, subject_)) continue;
      const auto last = tries_.find(item.index);
      if (last == tries_.end()) {
        lines_.push_back(
            fmt::format("step {} {} on {}: not begun", item.index.value, item.subject, item.queue));
      } else if (last->second.settled_at.ms != 0 && IsGood(last->second.outcome)) {
        Add(last->second.settled_at, NameOf(last->second.item) + ": done");
      } else if (last->second.settled_at.ms == 0) {
        AddRunning(last->second);
      }
    }
  }

  void AddRunning(const LastTry& running) {
    Add(running.published_at, NameOf(running.item) + ": under way for " +
                                  DurationText(Duration(facts_.now.ms - running.published_at.ms)));
    const ItemOutline* outline = Find(running.item.index);
    if (outline != nullptr) AddAbsence(outline->queue);
  }

  void AddAbsence(const std::string& queue) {
    const auto target = std::ranges::find(facts_.targets, queue, &TargetInfo::queue);
    if (target != facts_.targets.end() && target->state == Presence::State::kConnected) return;
    std::string text = "  " + queue + " has no worker";
    if (target != facts_.targets.end() && target->since.ms != 0) {
      text += " since " + TimeText(target->since);
    }
    lines_.push_back(std::move(text));
  }

  // What everything waits for: what the planner says, and the steps that are under way.
  void AddPresent() {
    for (const std::string& wait : facts_.status.waiting_for) {
      lines_.push_back("now waiting for " + wait);
    }
    constexpr std::size_t kMost = 10;
    std::size_t running = 0;
    for (const auto& [index, last] : tries_) {
      const bool told = IsNarrow() && IsWanted(index);
      if (last.settled_at.ms != 0 || told || ++running > kMost) continue;
      AddRunning(last);
    }
    if (running > kMost) lines_.push_back(fmt::format("and {} steps more", running - kMost));
  }

  const WhyFacts& facts_;
  const WhySubject& subject_;
  std::map<ItemIndex, LastTry> tries_;
  std::vector<std::string> lines_;
};

}  // namespace

bool Concerns(const ItemOutline& item, const WhySubject& subject) {
  if (subject.item) return item.index == *subject.item;
  if (subject.name.empty()) return true;
  if (item.queue == std::string(kTargetPrefix) + subject.name || item.queue == subject.name)
    return true;
  const std::vector<std::string_view> words = Split(item.subject, ' ');
  return std::ranges::find(words, std::string_view(subject.name)) != words.end();
}

std::vector<std::string> WhyChain(const WhyFacts& facts, const WhySubject& subject) {
  return Chain(facts, subject).Make();
}

// The planner says so in words (Coordinator::StatusOf); people read the same line.
std::optional<TransactionId> TransactionAhead(const TransactionStatus& status) {
  constexpr std::string_view kWord = "transaction ";
  for (const std::string& line : status.waiting_for) {
    const std::size_t at = line.find(kWord);
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(line).substr(at + kWord.size());
    const auto number = ParseUnsigned(rest.substr(0, rest.find_first_not_of("0123456789")));
    if (number) return TransactionId{*number};
  }
  return std::nullopt;
}

}  // namespace eris::cli
