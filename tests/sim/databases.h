// The state of services in the simulated world: what the copies of each database hold, the
// snapshots that were taken of them, and the clients that write throughout. A copy may take writes
// until it is closed; whether the module closes it at `deactivate` is the database's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "schema/values/work_item.h"
#include "tests/sim/seat.h"

namespace eris::sim {

// One acknowledged write; numbers grow over the whole run.
using Write = std::uint64_t;
using Content = std::vector<Write>;  // growing

enum class AtDeactivate : std::uint8_t { kCloses, kStaysWritable };

// What the scenario says of a database, by the name of its service.
struct DatabaseSpec {
  AtDeactivate at_deactivate = AtDeactivate::kCloses;
  bool undo = false;                 // `stateUndo`
  std::set<ServiceName> written_by;  // they depend on it, or connect to it
};

// Changed by machines and by the ticking of the clients only.
class Databases {
 public:
  struct Copy {
    ServiceName service;
    Content content;
    bool writable = false;
  };
  struct Snapshot {
    std::string base;  // reference; empty: it is whole, or a base
    Content content;   // of an increment: what its base lacks
    Content gone;      // of an increment: what its base has and it has not
  };
  // By reference: CONTAINER/COMPONENT/ID, the ID follows from the content.
  using Snapshots = std::map<std::string, Snapshot>;

  void SetSpecs(std::map<ServiceName, DatabaseSpec> specs) { specs_ = std::move(specs); }
  bool empty() const { return specs_.empty(); }
  const DatabaseSpec* SpecOf(const ServiceName& service) const;
  const std::map<Seat, Copy>& copies() const { return copies_; }
  // That its content is in some copy or snapshot, wherever.
  bool IsSomewhere(Write write) const;
  // Who is active and writes this copy.
  std::vector<Seat> WritersOf(const Seat& copy) const;

  // ---- activities ----
  void Activated(const Seat& seat, const ServiceName& service);
  void Deactivated(const Seat& seat);
  // Its reference; empty when there is nothing to take. An increment, if `base` is there.
  std::string TakeSnapshot(const Seat& seat, const std::string& base);
  // Likewise: what is written meanwhile may be missing.
  std::string TakeBase(const Seat& seat);
  // False when the target does not have the snapshot, or its base; also of a base alone. An empty
  // one changes nothing.
  bool Restore(const Seat& seat, const std::string& snapshot);
  void Delete(const Seat& seat) { copies_.erase(seat); }
  // As the receiver calls it; nothing when it is not where it should be. An increment brings its
  // base.
  std::optional<std::string> Transfer(const TargetName& target, const TransferStateItem& item);

  // ---- clients ----
  struct Written {
    Write write = 0;
    ServiceName database;
    Seat writer;
    std::set<TargetName> at;  // where the copies are
  };
  // Each active client writes once to each of its databases that takes writes: to all copies that
  // it knows, or to none.
  std::vector<Written> WriteAll();

 private:
  struct Client {
    ServiceName service;
    std::map<ServiceName, std::set<Seat>> copies;  // that it has seen active
  };
  void FindCopies(Client& client) const;
  bool TakesWrites(const std::set<Seat>& copies) const;

  std::map<ServiceName, DatabaseSpec> specs_;
  std::map<Seat, Copy> copies_;
  std::map<Seat, ServiceName> active_;
  std::map<Seat, Client> clients_;  // active ones
  std::map<TargetName, Snapshots> taken_;
  std::map<ProfileName, Snapshots> depot_;
  Write last_write_ = 0;
};

}  // namespace eris::sim
