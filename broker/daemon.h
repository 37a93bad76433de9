// The shell of the broker: it moves messages between the transport and the core, makes the spool
// durable before anything leaves, and keeps the time. It decides nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/link/loop.h"
#include "broker/link/outbox.h"
#include "broker/link/transport.h"
#include "schema/base/log.h"
#include "schema/base/throttle.h"
#include "schema/base/turn.h"
#include "schema/values/key_grant.h"
#include "schema/values/spool.h"

namespace eris {

// Owned by main. After a failed append it stops the loop and sends nothing more (fail-stop).
class BrokerDaemon {
 public:
  struct Parts {  // borrowed from main, all of which outlives the daemon
    link::Loop& loop;
    link::ServerTransport& transport;
    DurableLog<SpoolRecord>& spool;
    SpoolReader& content;
    const KeyGrants& keys;
    Log& log;
    TurnObserver* observer = nullptr;  // null outside of tests
  };
  BrokerDaemon(const BrokerOptions& options, SpoolContent spool, const Parts& parts);
  ~BrokerDaemon();
  BrokerDaemon(const BrokerDaemon&) = delete;
  BrokerDaemon& operator=(const BrokerDaemon&) = delete;

  // The keyring was read again.
  void OnKeysChanged() { broker_.OnKeysChanged(); }
  // Says goodbye to everybody in this turn, the last one.
  void Stop();

  // Why the loop ended: success after Stop, an error otherwise.
  const Status& status() const { return status_; }

 private:
  void OnFrame(link::PeerId peer, const link::PublicKey& user, link::Bytes frame);
  void Tick();
  void EndTurn();
  void Release(const BrokerEffect& effect);
  void Write(const Note& note);
  void Flush();
  void ForwardSubmissions();
  void SetProbe();
  void Reached(std::string_view point);
  void Fail(Error error);

  Parts parts_;
  Broker broker_;
  link::ServerOutbox outbox_;
  Duration tick_interval_;
  Throttle throttle_{20};              // lines about what is refused
  std::vector<link::PeerId> dropped_;  // to be forgotten when this turn's messages have left
  link::TimerId tick_;
  link::TimerId forward_;
  link::TimerId probe_;
  Status status_;
};

}  // namespace eris
