// How a worker's items are carried out. The agent decides what runs and when; an executor does it
// and tells how it ended. One implementation works on this machine (local_executor.h); a gateway to
// targets behind another interface would be a second one.
#pragma once

#include <functional>
#include <set>

#include "schema/values/ids.h"
#include "schema/values/ledger.h"
#include "schema/values/message.h"
#include "schema/values/work_item.h"
#include "worker/agent.h"

namespace eris {

// Owned by the daemon. Never blocks; completions are called from the loop, never from within Start.
class Executor {
 public:
  using Completion = std::function<void(const ItemId& id, Outcome outcome)>;

  virtual ~Executor() = default;

  // Exactly one completion follows. `work` is durable in the ledger by now.
  virtual void Start(const StartWork& work) = 0;
  // Ends it early; its completion follows. Unknown ids are ignored.
  virtual void Stop(const ItemId& id) = 0;
  // The outcome is in the ledger: what was kept to find it out again may go.
  virtual void Forget(const ItemId& id) = 0;
  // A piece of a stream with a client, about an item that runs.
  virtual void OnStream(const Message& message) = 0;
  // A client's question, answered directly.
  virtual void OnInquiry(const Message& message) = 0;
  // The transaction's garbage collector roots are needed no longer.
  virtual void DropRoots(TransactionId transaction) = 0;
  // At the start: roots of all others were to be dropped in a life before.
  virtual void KeepOnlyRoots(const std::set<TransactionId>& kept) = 0;
};

// What an executor needs of the daemon: to tell of completions, to read the ledger, and to answer
// clients.
struct ExecutorLinks {
  Executor::Completion done;
  std::function<const LedgerState&()> ledger;
  std::function<void(Message)> send;
};

}  // namespace eris
