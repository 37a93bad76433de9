#include "tests/sim/databases.h"

#include <algorithm>
#include <iterator>

#include "schema/values/base_snapshot.h"

namespace eris::sim {
namespace {

std::string ReferenceOf(const ContainerName& container, const ComponentName& component,
                        const std::string& id) {
  return container.text + "/" + component.text + "/" + id;
}

std::string IdOf(const std::string& reference) {
  return reference.substr(reference.rfind('/') + 1);
}

// Equal content has equal names, as a hash would give.
std::string IdOf(const Content& content) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const Write write : content) hash = (hash ^ write) * 1099511628211ULL;
  return std::to_string(content.size()) + "-" + std::to_string(hash);
}

bool Holds(const Content& content, Write write) {
  return std::binary_search(content.begin(), content.end(), write);
}

Content Without(const Content& content, const Content& gone) {
  Content left;
  std::set_difference(content.begin(), content.end(), gone.begin(), gone.end(),
                      std::back_inserter(left));
  return left;
}

// Nothing where its base is missing, and of a base alone.
std::optional<Content> ContentOf(const Databases::Snapshots& snapshots,
                                 const std::string& reference) {
  const auto found = snapshots.find(reference);
  if (found == snapshots.end() || IsBaseSnapshot(reference)) return std::nullopt;
  if (found->second.base.empty()) return found->second.content;
  const auto base = snapshots.find(found->second.base);
  if (base == snapshots.end()) return std::nullopt;
  const Content kept = Without(base->second.content, found->second.gone);
  Content all;
  std::set_union(kept.begin(), kept.end(), found->second.content.begin(),
                 found->second.content.end(), std::back_inserter(all));
  return all;
}

}  // namespace

const DatabaseSpec* Databases::SpecOf(const ServiceName& service) const {
  const auto found = specs_.find(service);
  return found == specs_.end() ? nullptr : &found->second;
}

bool Databases::IsSomewhere(Write write) const {
  for (const auto& [seat, copy] : copies_) {
    if (Holds(copy.content, write)) return true;
  }
  const auto is_in = [write](const Snapshots& snapshots) {
    return std::any_of(snapshots.begin(), snapshots.end(), [&](const auto& entry) {
      const std::optional<Content> content = ContentOf(snapshots, entry.first);
      return content && Holds(*content, write);
    });
  };
  return std::any_of(taken_.begin(), taken_.end(),
                     [&](const auto& entry) { return is_in(entry.second); }) ||
         std::any_of(depot_.begin(), depot_.end(),
                     [&](const auto& entry) { return is_in(entry.second); });
}

std::vector<Seat> Databases::WritersOf(const Seat& copy) const {
  std::vector<Seat> writers;
  for (const auto& [seat, client] : clients_) {
    const bool writes = std::any_of(client.copies.begin(), client.copies.end(),
                                    [&](const auto& known) { return known.second.contains(copy); });
    if (writes) writers.push_back(seat);
  }
  return writers;
}

// ---- activities ----

void Databases::Activated(const Seat& seat, const ServiceName& service) {
  active_[seat] = service;
  if (SpecOf(service) != nullptr) {
    Copy& copy = copies_[seat];
    copy.service = service;
    copy.writable = true;
  }
  Client client{.service = service, .copies = {}};
  for (const auto& [database, spec] : specs_) {
    if (spec.written_by.contains(service)) client.copies[database];
  }
  if (client.copies.empty()) return;
  FindCopies(client);
  clients_[seat] = std::move(client);
}

void Databases::Deactivated(const Seat& seat) {
  active_.erase(seat);
  clients_.erase(seat);
  const auto copy = copies_.find(seat);
  if (copy == copies_.end()) return;
  if (SpecOf(copy->second.service)->at_deactivate == AtDeactivate::kCloses) {
    copy->second.writable = false;
  }
}

std::string Databases::TakeSnapshot(const Seat& seat, const std::string& base) {
  const auto copy = copies_.find(seat);
  if (copy == copies_.end()) return {};
  const Content& content = copy->second.content;
  Snapshots& there = taken_[seat.target];
  const auto before = there.find(base);
  if (before == there.end()) {
    std::string whole = ReferenceOf(seat.container, seat.component, IdOf(content));
    there[whole] = {.base = {}, .content = content, .gone = {}};
    return whole;
  }
  const Content old = before->second.content;
  std::string increment =
      ReferenceOf(seat.container, seat.component, IdOf(content) + "-since-" + IdOf(base));
  there[increment] = {
      .base = base, .content = Without(content, old), .gone = Without(old, content)};
  return increment;
}

std::string Databases::TakeBase(const Seat& seat) {
  const auto copy = copies_.find(seat);
  if (copy == copies_.end()) return {};
  Content content = copy->second.content;
  constexpr std::size_t kWrittenMeanwhile = 3;
  if (content.size() > kWrittenMeanwhile) content.erase(content.end() - kWrittenMeanwhile);
  std::string base =
      ReferenceOf(seat.container, seat.component, std::string(kBasePrefix) + IdOf(content));
  taken_[seat.target][base] = {.base = {}, .content = content, .gone = {}};
  return base;
}

bool Databases::Restore(const Seat& seat, const std::string& snapshot) {
  if (snapshot.empty()) return true;
  const std::optional<Content> content = ContentOf(taken_[seat.target], snapshot);
  const auto copy = copies_.find(seat);
  if (!content || copy == copies_.end()) return false;
  copy->second.content = *content;
  return true;
}

std::optional<std::string> Databases::Transfer(const TargetName& target,
                                               const TransferStateItem& item) {
  using Way = TransferStateItem::Way;
  if (item.snapshot.empty()) return std::string();
  const Snapshots& from = item.way == Way::kFromDepot ? depot_[item.profile] : taken_[target];
  Snapshots& to = item.way == Way::kToDepot ? depot_[item.profile] : taken_[target];
  const auto found = from.find(item.snapshot);
  if (found == from.end()) return std::nullopt;
  const auto here = [&item](const std::string& reference) {
    return ReferenceOf(item.container, item.component, IdOf(reference));
  };
  Snapshot brought = found->second;
  if (!brought.base.empty()) {
    const auto base = from.find(brought.base);
    if (base == from.end()) return std::nullopt;
    brought.base = here(base->first);
    const Snapshot copied = base->second;  // `from` may be `to`
    to.insert_or_assign(brought.base, copied);
  }
  to.insert_or_assign(here(item.snapshot), std::move(brought));
  return here(item.snapshot);
}

// ---- clients ----

void Databases::FindCopies(Client& client) const {
  for (auto& [database, copies] : client.copies) {
    for (const auto& [seat, service] : active_) {
      if (service == database) copies.insert(seat);
    }
  }
}

bool Databases::TakesWrites(const std::set<Seat>& copies) const {
  return !copies.empty() && std::all_of(copies.begin(), copies.end(), [this](const Seat& seat) {
    const auto copy = copies_.find(seat);
    return copy != copies_.end() && copy->second.writable;
  });
}

std::vector<Databases::Written> Databases::WriteAll() {
  std::vector<Written> written;
  for (auto& [seat, client] : clients_) {
    FindCopies(client);
    for (const auto& [database, copies] : client.copies) {
      if (!TakesWrites(copies)) continue;
      ++last_write_;
      for (const Seat& copy : copies) copies_.at(copy).content.push_back(last_write_);
      written.push_back({last_write_, database, seat, {}});
      for (const Seat& copy : copies) written.back().at.insert(copy.target);
    }
  }
  return written;
}

}  // namespace eris::sim
