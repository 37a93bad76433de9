#include "broker/sessions.h"

#include <utility>

#include "schema/base/check.h"

namespace eris {

Session& SessionTable::Add(Session session) {
  session.id = last_ = {last_.value + 1};
  const bool is_new = by_peer_.emplace(session.peer, session.id).second;
  ERIS_CHECK(is_new, "a peer has one session");
  return sessions_.emplace(session.id, std::move(session)).first->second;
}

void SessionTable::Remove(SessionId id) {
  const auto session = sessions_.find(id);
  ERIS_CHECK(session != sessions_.end(), "only a known session ends");
  by_peer_.erase(session->second.peer);
  sessions_.erase(session);
}

Session* SessionTable::OfPeer(link::PeerId peer) {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? nullptr : &sessions_.at(found->second);
}

Session* SessionTable::Find(SessionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

const Session* SessionTable::Find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

std::vector<SessionId> SessionTable::All() const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  return ids;
}

void SessionTable::MarkHeard(SteadyTime now) {
  for (auto& [id, session] : sessions_) session.heard = now;
}

std::vector<SessionId> SessionTable::HeardBefore(SteadyTime moment) const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) {
    if (session.heard < moment) ids.push_back(id);
  }
  return ids;
}

}  // namespace eris
