#include "planner/doubt.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "planner/plan/in_doubt.h"

namespace eris::planner {
namespace {

constexpr std::uint32_t kPage = 1'000;
constexpr std::uint32_t kMostTransactions = 2'000;

using Place = std::tuple<TargetName, ContainerName, ServiceKey>;

Place PlaceOf(const Mapping& mapping) {
  return {mapping.target, mapping.container, mapping.service};
}

// Calls `visit` with all events of the transaction, in order.
Status ForEachEvent(TransactionId transaction, JournalReader& journal,
                    const std::function<void(const Event&)>& visit) {
  EventSequence from{1};
  while (true) {
    ERIS_ASSIGN(const std::vector<Event> page,
                journal.ReadEvents({.from = from, .limit = kPage, .transaction = transaction}));
    for (const Event& event : page) visit(event);
    if (page.size() < kPage) return {};
    from = {page.back().sequence.value + 1};
  }
}

// Items that may have taken effect and were not undone for certain.
Result<std::set<ItemIndex>> OpenItems(TransactionId transaction, JournalReader& journal) {
  std::set<ItemIndex> open;
  ERIS_TRY(ForEachEvent(transaction, journal, [&](const Event& event) {
    if (const auto* published = std::get_if<ItemsPublished>(&event.body)) {
      for (const PublishedItem& item : published->items) open.insert(item.index);
    }
    const auto* settled = std::get_if<ItemSettled>(&event.body);
    if (settled == nullptr || settled->item.grade.direction != Direction::kInverse) return;
    if (settled->outcome.verdict == Verdict::kSucceeded) open.erase(settled->item.index);
  }));
  return open;
}

// What of a profile may be otherwise.
struct Doubts {
  std::set<Place> mappings;
  std::set<TargetName> profiles;
};

void AddDoubt(const PlanItem& item, Doubts& doubts) {
  const TargetName target(item.queue.name);
  const auto add = [&](const Activity& activity) {
    doubts.mappings.insert({target, activity.container, activity.service});
  };
  if (const auto* up = std::get_if<ActivateItem>(&item.body)) add(up->activity);
  if (const auto* down = std::get_if<DeactivateItem>(&item.body)) add(down->activity);
  if (std::holds_alternative<SetProfileItem>(item.body)) doubts.profiles.insert(target);
}

// The mappings of `meant` that are in doubt and unknown to `base`, with the providers of their
// containers. Not what they come after: where that was undone for certain, another may be in its
// seat, which a deactivation would take down.
std::set<Place> Strangers(const Doubts& doubts, const Manifest& meant,
                          const std::set<Place>& known) {
  std::map<Place, const Mapping*> places;
  std::map<std::pair<TargetName, ServiceKey>, Place> on_target;  // providers of containers
  for (const Mapping& mapping : meant.mappings) {
    places.emplace(PlaceOf(mapping), &mapping);
    on_target.emplace(std::pair(mapping.target, mapping.service), PlaceOf(mapping));
  }
  std::set<Place> strangers;
  std::vector<Place> left(doubts.mappings.begin(), doubts.mappings.end());
  while (!left.empty()) {
    const Place place = left.back();
    left.pop_back();
    if (known.contains(place) || !places.contains(place)) continue;
    if (!strangers.insert(place).second) continue;
    const std::optional<ServiceKey>& provider = places.at(place)->provided_by;
    if (!provider) continue;
    const auto found = on_target.find({std::get<TargetName>(place), *provider});
    if (found != on_target.end()) left.push_back(found->second);
  }
  return strangers;
}

Service WithInterdependenciesAmong(const std::set<Place>& places, Service service) {
  for (auto* list : {&service.depends_on, &service.activates_after, &service.connects_to}) {
    std::erase_if(*list, [&](const Interdependency& on) {
      return !places.contains({on.target, on.container, on.service});
    });
  }
  return service;
}

void AddStrangers(const std::set<Place>& strangers, const std::set<Place>& known,
                  const Manifest& meant, Manifest& base) {
  std::set<Place> places = known;
  places.insert(strangers.begin(), strangers.end());
  for (const Mapping& mapping : meant.mappings) {
    if (!strangers.contains(PlaceOf(mapping))) continue;
    base.services.emplace(mapping.service,
                          WithInterdependenciesAmong(places, meant.services.at(mapping.service)));
    base.targets.emplace(mapping.target, meant.targets.at(mapping.target));
    base.mappings.push_back(mapping);
  }
  std::sort(base.mappings.begin(), base.mappings.end());
}

}  // namespace

Result<std::vector<GivenUp>> GivenUpSince(const ProfileName& profile, GenerationNumber current,
                                          JournalReader& journal) {
  ERIS_ASSIGN(const std::vector<TransactionStatus> newest,
              journal.LoadTransactions({.limit = kMostTransactions, .profile = profile}));
  std::vector<GivenUp> found;
  for (const TransactionStatus& status : newest) {  // newest first
    if (current && status.generation == current) break;
    if (status.plan_hash.empty() || !status.result) continue;
    bool is_given_up = false;
    ERIS_TRY(ForEachEvent(status.transaction, journal, [&](const Event& event) {
      is_given_up = is_given_up || std::holds_alternative<Abandoned>(event.body);
    }));
    if (!is_given_up) continue;
    GivenUp given_up{.transaction = status.transaction, .submission = {}};
    if (auto submission = journal.LoadSubmission(status.transaction)) {
      given_up.submission = *std::move(submission);
    }
    found.push_back(std::move(given_up));
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Status PutInDoubt(TransactionId given_up, const Manifest& meant, JournalReader& journal,
                  Manifest& base) {
  ERIS_ASSIGN(const Plan plan, journal.LoadPlan(given_up));
  ERIS_ASSIGN(const std::set<ItemIndex> open, OpenItems(given_up, journal));
  Doubts doubts;
  for (const ItemIndex item : open) {
    if (item.value < plan.items.size()) AddDoubt(plan.items[item.value], doubts);
  }
  std::set<Place> known;
  for (const Mapping& mapping : base.mappings) known.insert(PlaceOf(mapping));
  AddStrangers(Strangers(doubts, meant, known), known, meant, base);
  for (Mapping& mapping : base.mappings) {
    const bool is_new = !known.contains(PlaceOf(mapping));
    if (is_new) MarkAsStray(mapping.digest);
    if (doubts.mappings.contains(PlaceOf(mapping))) MarkInDoubt(mapping.digest);
  }
  for (const TargetName& target : doubts.profiles) {
    const auto profile = base.profiles.find(target);
    if (profile != base.profiles.end()) {
      MarkInDoubt(profile->second.digest);
    } else if (meant.profiles.contains(target)) {
      MarkAsStray(base.profiles[target].digest);
    }
  }
  return {};
}

}  // namespace eris::planner
