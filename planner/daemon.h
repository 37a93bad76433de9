// The shell of the planner: loop, journal and link to the broker around the coordinator. Each turn
// ends with one synced append to the journal, and only then with sends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "broker/link/broker_client.h"
#include "broker/link/loop.h"
#include "planner/coordinator.h"
#include "planner/depot.h"
#include "planner/depot_keeper.h"
#include "planner/depot_needs.h"
#include "planner/journal_answers.h"
#include "planner/roots.h"
#include "planner/upkeep.h"
#include "planner/uploads.h"
#include "planner/wire.h"
#include "schema/base/log.h"
#include "schema/base/throttle.h"
#include "schema/base/turn.h"
#include "state/journal.h"

namespace eris::planner {

struct PlannerDaemonOptions {
  std::string name;
  std::string software;
  std::uint64_t instance = 0;  // random
  Roots::Options roots;
  Uploads::Options uploads;
  DepotKeeper::Options keeper;
  CoordinatorOptions coordinator;
  Upkeep upkeep;
};

// Owned by main.
class PlannerDaemon {
 public:
  struct Parts {  // borrowed from main, all of which outlives the daemon
    link::Loop& loop;
    link::ClientTransport& transport;
    Journal& journal;
    Log& log;
    Depot& depot;
    TurnObserver* observer;  // null outside of tests
  };
  static Result<std::unique_ptr<PlannerDaemon>> Start(PlannerDaemonOptions options,
                                                      const Parts& parts);
  ~PlannerDaemon();
  PlannerDaemon(const PlannerDaemon&) = delete;
  PlannerDaemon& operator=(const PlannerDaemon&) = delete;

  // Why the loop ended: success after a signal, an error otherwise.
  const Status& status() const { return status_; }

 private:
  PlannerDaemon(PlannerDaemonOptions options, const Parts& parts);
  Status Recover();
  Status RecoverRoots();
  link::BrokerClientHandlers MakeHandlers();
  Hello MakeHello() const;
  void OnMessage(const Message& message);
  Uploads::Handlers MakeUploadHandlers();
  void AnswerLacking(const Message& message);
  // What the planner itself is asked to do, and how that ended.
  void Keep(const PublishItem& publish);
  void OnKept(const ItemId& item, Outcome outcome);
  void EndTurn();
  void Perform(const Effect& effect);
  void FollowDurable(std::span<const Event> events);
  void FollowRoots(const Event& event);
  void FollowNeeds(const Event& event);
  void SetWake();
  void KeepUp();
  void Stop(Status status);

  PlannerDaemonOptions options_;
  Parts parts_;
  Throttle throttle_{20};  // lines about messages that mean nothing
  JournalAnswers answers_;
  Roots roots_;
  DepotNeeds needs_;
  DepotKeeper keeper_;
  std::optional<Coordinator> coordinator_;
  Uploads uploads_;
  std::optional<Intake> intake_;
  link::BrokerClient client_;
  link::TimerId wake_;
  link::TimerId upkeep_;
  link::TimerId roots_due_;
  Status status_;
};

}  // namespace eris::planner
