// Who is connected: the sessions of a broker, by peer and by id. A table; what a session may do and
// what ends it is decided by the broker's core.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/link/transport.h"
#include "schema/base/clock.h"
#include "schema/values/ids.h"
#include "schema/values/key_grant.h"
#include "schema/values/message.h"

namespace eris {

// From hello to bye, loss or supersession; on one connection.
struct Session {
  SessionId id;
  link::PeerId peer;
  std::string public_key;
  KeyGrant grant;  // as of hello, or of the last change of the keyring
  std::string name;
  std::string software;
  std::uint64_t instance = 0;
  std::vector<std::string> queues;  // worker
  LedgerId ledger;                  // worker
  SteadyTime heard;                 // anything at all from this peer
  // By queue: what was last handed on, for a planner that comes later.
  struct SaidVitals {
    SteadyTime at;
    std::string body;
  };
  std::map<std::string, SaidVitals> vitals;
};

// Owned by the broker's core. References and pointers are valid until that session is removed.
class SessionTable {
 public:
  // Numbers the session. Precondition: its peer has none.
  Session& Add(Session session);
  void Remove(SessionId id);

  Session* OfPeer(link::PeerId peer);
  Session* Find(SessionId id);
  const Session* Find(SessionId id) const;
  std::size_t size() const { return sessions_.size(); }
  // In the order in which they began.
  std::vector<SessionId> All() const;
  void MarkHeard(SteadyTime now);  // all of them
  std::vector<SessionId> HeardBefore(SteadyTime moment) const;

 private:
  SessionId last_;
  std::map<SessionId, Session> sessions_;
  std::unordered_map<link::PeerId, SessionId> by_peer_;
};

}  // namespace eris
