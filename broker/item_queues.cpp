#include "broker/item_queues.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"

namespace eris {

PublishResult ItemQueues::Publish(QueuedItem item) {
  if (Entry* known = Find(item.id)) return Republish(*known, std::move(item));
  if (!HasRoom(item)) return PublishResult::kBusy;
  Step& step = steps_[item.id.step];
  if (!step.empty() && step.rbegin()->first > item.id.grade) return PublishResult::kDuplicate;
  DropLowerGrades(step, item.id.grade);
  bytes_ += item.body.size();
  const Grade grade = item.id.grade;
  Entry& entry = step[grade];
  entry.item = std::move(item);
  entry.order = next_order_++;
  Wait(entry);
  return PublishResult::kQueued;
}

PublishResult ItemQueues::Republish(Entry& known, QueuedItem item) {
  if (known.item.body_hash != item.body_hash || known.item.queue != item.queue) {
    return PublishResult::kOtherBody;
  }
  // The same item of a newer term: low-water mark and deadline in the body may differ.
  const bool was_waiting = known.state == State::kWaiting;
  if (was_waiting) Unqueue(known);
  Server* holder =
      known.state == State::kLeased ? FindServer(known.item.queue, known.holder) : nullptr;
  if (holder != nullptr) holder->held_bytes += item.body.size() - known.item.body.size();
  bytes_ += item.body.size() - known.item.body.size();
  known.item = std::move(item);
  if (was_waiting || known.state == State::kReported) Wait(known);
  return PublishResult::kDuplicate;
}

bool ItemQueues::HasRoom(const QueuedItem& item) const {
  if (bytes_ + item.body.size() > limits_.bytes_of_all) return false;
  const auto found = queues_.find(item.queue);
  if (found == queues_.end()) return queues_.size() < limits_.queues;
  return found->second.waiting.size() < limits_.items_per_queue &&
         found->second.waiting_bytes + item.body.size() <= limits_.bytes_per_queue;
}

// A higher grade makes lower ones that nobody has begun pointless; those that are held are ended by
// their worker when it receives the higher one.
void ItemQueues::DropLowerGrades(Step& step, Grade below) {
  for (auto entry = step.begin(); entry != step.end() && entry->first < below;) {
    if (entry->second.state != State::kWaiting) {
      ++entry;
      continue;
    }
    Unqueue(entry->second);
    bytes_ -= entry->second.item.body.size();
    entry = step.erase(entry);
  }
}

void ItemQueues::Join(const std::string& queue, SessionId session) {
  ERIS_CHECK(FindServer(queue, session) == nullptr, "a session joins a queue once");
  queues_[queue].servers.push_back({.session = session});
  served_[session].push_back(queue);
}

void ItemQueues::Leave(SessionId session) {
  const auto served = served_.find(session);
  if (served == served_.end()) return;
  for (const std::string& name : served->second) {
    Queue& queue = queues_[name];
    const auto server =
        std::find_if(queue.servers.begin(), queue.servers.end(),
                     [session](const Server& candidate) { return candidate.session == session; });
    const std::set<ItemId> held = std::exchange(server->held, {});
    queue.servers.erase(server);
    for (const ItemId& id : held) RequeueOrDrop(id);
    if (queue.servers.empty() && queue.waiting.empty()) queues_.erase(name);
  }
  served_.erase(served);
}

void ItemQueues::RequeueOrDrop(const ItemId& id) {
  Entry* entry = Find(id);
  ERIS_CHECK(entry != nullptr, "a held item is known");
  const bool superseded = steps_[id.step].rbegin()->first > id.grade;
  if (entry->item.epoch < fence_ || superseded) {
    Erase(id);
  } else {
    Wait(*entry);
  }
}

void ItemQueues::Inherit(SessionId from, SessionId to, const std::vector<ItemId>& in_flight) {
  for (const ItemId& id : in_flight) {
    Entry* entry = Find(id);
    if (entry == nullptr || entry->state != State::kLeased || entry->holder != from) continue;
    Server* heir = FindServer(entry->item.queue, to);
    if (heir == nullptr) continue;
    Release(*entry);
    Lease(*entry, *heir);
  }
  Leave(from);
}

void ItemQueues::SetCredit(const std::string& queue, SessionId session, std::uint32_t items) {
  Server* server = FindServer(queue, session);
  if (server != nullptr) server->credit = items;
}

std::vector<Delivery> ItemQueues::Dispatch(const std::string& queue) {
  std::vector<Delivery> deliveries;
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return deliveries;
  Queue& from = found->second;
  while (!from.waiting.empty()) {
    Entry* entry = Find(from.waiting.begin()->second);
    Server* server = NextServer(from, entry->item.body.size());
    if (server == nullptr) break;
    Unqueue(*entry);
    Lease(*entry, *server);
    deliveries.push_back({.session = server->session, .item = &entry->item});
  }
  return deliveries;
}

// The one with the least in hand among those that take more.
ItemQueues::Server* ItemQueues::NextServer(Queue& queue, std::size_t bytes) {
  Server* best = nullptr;
  for (Server& server : queue.servers) {
    const bool has_credit = server.held.size() < server.credit;
    const bool has_room = server.held.empty() || server.held_bytes + bytes <= limits_.leased_bytes;
    if (!has_credit || !has_room) continue;
    if (best == nullptr || server.held.size() < best->held.size()) best = &server;
  }
  return best;
}

bool ItemQueues::Report(const ItemId& id, const std::vector<std::string>& served) {
  Entry* entry = Find(id);
  if (entry == nullptr) return true;
  if (std::find(served.begin(), served.end(), entry->item.queue) == served.end()) return false;
  if (entry->state == State::kWaiting) Unqueue(*entry);
  if (entry->state == State::kLeased) Release(*entry);
  entry->state = State::kReported;
  return true;
}

void ItemQueues::Settle(const ItemId& id) {
  if (Find(id) != nullptr) Erase(id);
}

SessionId ItemQueues::Revoke(const ItemId& id) {
  const Entry* entry = Find(id);
  if (entry == nullptr) return {};
  if (entry->state == State::kLeased) return entry->holder;
  if (entry->state == State::kWaiting) Erase(id);
  return {};
}

void ItemQueues::Fence(Epoch epoch) {
  fence_ = epoch;
  std::vector<ItemId> old;
  for (const auto& [name, queue] : queues_) {
    for (const auto& [order, id] : queue.waiting) {
      if (Find(id)->item.epoch < epoch) old.push_back(id);
    }
  }
  for (const ItemId& id : old) Erase(id);
}

void ItemQueues::Clear() {
  steps_.clear();
  bytes_ = 0;
  for (auto& [name, queue] : queues_) {
    queue.waiting.clear();
    queue.waiting_bytes = 0;
    for (Server& server : queue.servers) {
      server.held.clear();
      server.held_bytes = 0;
    }
  }
  std::erase_if(queues_, [](const auto& entry) { return entry.second.servers.empty(); });
}

std::size_t ItemQueues::waiting(const std::string& queue) const {
  const auto found = queues_.find(queue);
  return found == queues_.end() ? 0 : found->second.waiting.size();
}

std::size_t ItemQueues::known() const {
  std::size_t count = 0;
  for (const auto& [id, step] : steps_) count += step.size();
  return count;
}

std::vector<SessionId> ItemQueues::Servers(const std::string& queue) const {
  std::vector<SessionId> sessions;
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return sessions;
  for (const Server& server : found->second.servers) sessions.push_back(server.session);
  return sessions;
}

ItemQueues::Entry* ItemQueues::Find(const ItemId& id) {
  const auto step = steps_.find(id.step);
  if (step == steps_.end()) return nullptr;
  const auto entry = step->second.find(id.grade);
  return entry == step->second.end() ? nullptr : &entry->second;
}

ItemQueues::Server* ItemQueues::FindServer(const std::string& queue, SessionId session) {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return nullptr;
  for (Server& server : found->second.servers) {
    if (server.session == session) return &server;
  }
  return nullptr;
}

void ItemQueues::Wait(Entry& entry) {
  Queue& queue = queues_[entry.item.queue];
  entry.state = State::kWaiting;
  entry.holder = {};
  queue.waiting.emplace(entry.order, entry.item.id);
  queue.waiting_bytes += entry.item.body.size();
}

void ItemQueues::Unqueue(Entry& entry) {
  Queue& queue = queues_[entry.item.queue];
  queue.waiting.erase(entry.order);
  queue.waiting_bytes -= entry.item.body.size();
}

void ItemQueues::Lease(Entry& entry, Server& server) {
  entry.state = State::kLeased;
  entry.holder = server.session;
  server.held.insert(entry.item.id);
  server.held_bytes += entry.item.body.size();
}

void ItemQueues::Release(Entry& entry) {
  Server* server = FindServer(entry.item.queue, entry.holder);
  ERIS_CHECK(server != nullptr, "a lease ends with its session");
  server->held.erase(entry.item.id);
  server->held_bytes -= entry.item.body.size();
  entry.holder = {};
}

void ItemQueues::Erase(const ItemId& id) {
  const auto step = steps_.find(id.step);
  const auto entry = step->second.find(id.grade);
  if (entry->second.state == State::kWaiting) Unqueue(entry->second);
  if (entry->second.state == State::kLeased &&
      FindServer(entry->second.item.queue, entry->second.holder) != nullptr) {
    Release(entry->second);
  }
  bytes_ -= entry->second.item.body.size();
  step->second.erase(entry);
  if (step->second.empty()) steps_.erase(step);
}

}  // namespace eris
