// P2, P5 on state, and: no acknowledged write is lost. A copy is read while none of its writers is
// up, and nothing is written to it until what was read is restored; state that moved is after a
// rollback the untouched old copy; a write that was acknowledged is in every active copy, or,
// where the transaction that it fell into went back, at least in a copy or a snapshot somewhere
// (unless the service wants that undone). Who writes from a target that was set aside is excepted.
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/sim/checkers/all.h"
#include "tests/sim/checkers/set_aside.h"

namespace eris::sim {
namespace {

class StateChecker final : public Checker {
 public:
  using Checker::Checker;

  void OnJournaled(const Event& event) override {
    set_aside_.OnJournaled(event);
    if (const auto* entered = std::get_if<PhaseEntered>(&event.body)) {
      if (entered->phase == TransactionPhase::kSwitching) switching_.insert(event.transaction);
    }
    if (std::holds_alternative<GenerationCommitted>(event.body)) {
      committed_.insert(event.transaction);
      switching_.erase(event.transaction);
    }
    // A stuck one is half way back.
    const auto* ended = std::get_if<TransactionEnded>(&event.body);
    if (ended != nullptr && ended->result != TransactionResult::kStuck) {
      switching_.erase(event.transaction);
    }
  }

  void OnWritten(const Databases::Written& written) override {
    if (set_aside_.Contains(written.writer.target)) return Forget(written.database);
    writes_.push_back({written.write, written.database, switching_});
    // Its way back is not over there.
    for (const TargetName& target : written.at) {
      const std::set<TransactionId> left = set_aside_.TransactionsAt(target);
      writes_.back().during.insert(left.begin(), left.end());
      if (!left.empty()) ForgetAt(target, written.database);
    }
  }

  void OnEffect(const EffectSeen& seen) override {
    const bool forward = seen.id.grade.direction == Direction::kForward;
    const TransactionId transaction = seen.id.step.transaction;
    if (const auto* snapshot = std::get_if<SnapshotItem>(&seen.body)) {
      // A base is never restored alone.
      const bool is_read = forward && snapshot->part != SnapshotPart::kBase;
      if (is_read) OnRead(SeatOf(seen.target, snapshot->activity), transaction);
    }
    if (const auto* restore = std::get_if<RestoreItem>(&seen.body)) {
      if (forward) OnRestored(SeatOf(seen.target, restore->activity), transaction);
    }
    if (const auto* deactivate = std::get_if<DeactivateItem>(&seen.body)) {
      if (!forward) return;
      was_[{transaction, SeatOf(seen.target, deactivate->activity)}] =
          InstanceOf(deactivate->activity);
    }
    if (const auto* activate = std::get_if<ActivateItem>(&seen.body)) {
      const Key key(transaction, SeatOf(seen.target, activate->activity));
      forward ? OnActivated(key, InstanceOf(activate->activity)) : OnReactivated(key);
    }
  }

  void AtEnd(const EndSeen&) override {
    std::map<ServiceName, std::vector<const Databases::Copy*>> active;
    for (const auto& [seat, copy] : world_.databases.copies()) {
      const auto instance = world_.active.find(seat);
      if (instance != world_.active.end() && instance->second.name == copy.service) {
        active[copy.service].push_back(&copy);
      }
    }
    for (const WriteKept& kept : writes_) {
      const auto copies = active.find(kept.database);
      if (WentBack(kept)) {
        if (world_.databases.SpecOf(kept.database)->undo) continue;
      } else if (copies != active.end()) {
        if (!IsIn(copies->second, kept)) return Lost(kept, "an active copy");
        continue;
      }
      if (!world_.databases.IsSomewhere(kept.write)) return Lost(kept, "any copy or snapshot");
    }
  }

 private:
  struct WriteKept {
    Write write;
    ServiceName database;
    std::set<TransactionId> during;  // between switch and commit, or the end of the way back
  };
  using Key = std::pair<TransactionId, Seat>;

  bool WentBack(const WriteKept& kept) const {
    return std::any_of(kept.during.begin(), kept.during.end(), [this](TransactionId transaction) {
      return !committed_.contains(transaction);
    });
  }

  // Copies that are installed side by side come up one by one, and miss what was written before.
  static bool IsIn(const std::vector<const Databases::Copy*>& copies, const WriteKept& kept) {
    const auto holds = [&kept](const Databases::Copy* copy) {
      return std::binary_search(copy->content.begin(), copy->content.end(), kept.write);
    };
    return kept.during.empty() ? std::all_of(copies.begin(), copies.end(), holds)
                               : std::any_of(copies.begin(), copies.end(), holds);
  }

  void Lost(const WriteKept& kept, const std::string& where) {
    verdicts_.Report("state", "write " + std::to_string(kept.write) + " to " + kept.database.text +
                                  " was acknowledged and is not in " + where);
  }

  void OnRead(const Seat& seat, TransactionId transaction) {
    const auto copy = world_.databases.copies().find(seat);
    if (copy == world_.databases.copies().end()) return;
    for (const Seat& writer : world_.databases.WritersOf(seat)) {
      if (set_aside_.Contains(writer.target)) continue;
      verdicts_.Report("state", copy->second.service.text + " is read while " +
                                    writer.component.text + " writes it");
    }
    read_[{transaction, seat}] = copy->second.content;
  }

  // Of all that this transaction has read of the service, nothing was written to since.
  void OnRestored(const Seat& seat, TransactionId transaction) {
    const ServiceName& service = world_.databases.copies().at(seat).service;
    for (const auto& [key, content] : read_) {
      const auto copy = world_.databases.copies().find(key.second);
      if (key.first != transaction || key.second == seat) continue;
      if (copy == world_.databases.copies().end() || copy->second.service != service) continue;
      if (copy->second.content != content) {
        verdicts_.Report("state", service.text + " was written between snapshot and restore");
      }
    }
  }

  // From here on a copy that stays is what its writers make of it; unless it is another version,
  // and the way back undoes what that has done.
  void OnActivated(const Key& key, const Instance& instance) {
    const auto copy = world_.databases.copies().find(key.second);
    if (copy == world_.databases.copies().end()) return;
    const bool is_upgraded = was_.contains(key) && was_.at(key) != instance;
    const bool is_undone = world_.databases.SpecOf(copy->second.service)->undo;
    if (!is_upgraded || !is_undone) read_.erase(key);
  }

  void OnReactivated(const Key& key) {
    const auto read = read_.find(key);
    if (read == read_.end()) return;
    const Databases::Copy& copy = world_.databases.copies().at(key.second);
    if (copy.content != read->second) {
      verdicts_.Report("state", copy.service.text + " is not what it was before the switch");
    }
    read_.erase(read);
  }

  // Nothing is promised of copies that are written by who can not be reached.
  void Forget(const ServiceName& database) {
    std::erase_if(read_, [&](const auto& read) {
      const auto copy = world_.databases.copies().find(read.first.second);
      return copy != world_.databases.copies().end() && copy->second.service == database;
    });
  }

  // Nor of a copy that stays writable, on a target that comes back after its writers are up again.
  void ForgetAt(const TargetName& target, const ServiceName& database) {
    std::erase_if(read_, [&](const auto& read) {
      const auto copy = world_.databases.copies().find(read.first.second);
      return read.first.second.target == target && copy != world_.databases.copies().end() &&
             copy->second.service == database;
    });
  }

  SetAside set_aside_;
  std::set<TransactionId> switching_;
  std::set<TransactionId> committed_;
  std::vector<WriteKept> writes_;
  std::map<Key, Instance> was_;  // before the transaction, where it was taken down
  std::map<Key, Content> read_;
};

}  // namespace

std::unique_ptr<Checker> MakeStateChecker(const World& world, Verdicts& verdicts) {
  return std::make_unique<StateChecker>(world, verdicts);
}

}  // namespace eris::sim
