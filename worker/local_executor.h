// Carries a worker's items out on this machine: activities through dysnomia, store paths through
// Nix, the profile by itself.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "schema/base/log.h"
#include "schema/values/ledger.h"
#include "worker/activity_items.h"
#include "worker/activity_runner.h"
#include "worker/depot_client.h"
#include "worker/diagnose_runner.h"
#include "worker/executor.h"
#include "worker/inquiry_desk.h"
#include "worker/offer.h"
#include "worker/query_runner.h"
#include "worker/state_runner.h"
#include "worker/store_runner.h"

namespace eris {

// Owned by the daemon. The ledger view must stay valid: it is read when a report is asked for.
class LocalExecutor final : public Executor {
 public:
  struct Options {
    ActivityRunnerOptions activities;
    StoreRunnerOptions store;
    std::filesystem::path depot_dir;  // of snapshots; empty: there is none
    DepotClient::Dial dial;           // empty: no depot is ever asked
    std::vector<std::filesystem::path> modules_path;
    OfferSources offer;
    std::filesystem::path disnix_profiles;  // see QueryRunner
  };

  LocalExecutor(Options options, link::Loop& loop, Log& log, ExecutorLinks links);

  void Start(const StartWork& work) override;
  void Stop(const ItemId& id) override;
  void Forget(const ItemId& id) override;
  void OnStream(const Message& message) override { diagnoses_.OnStream(message); }
  void OnInquiry(const Message& message) override { inquiries_.OnInquiry(message); }
  void DropRoots(TransactionId transaction) override;
  void KeepOnlyRoots(const std::set<TransactionId>& kept) override;

 private:
  void DropNeeds(TransactionId ended);
  void StartActivities(const StartWork& work, Repeat repeat);
  // An attempt of an earlier worker: its outcome if it left one, else what the module says, else
  // again.
  void ResumeActivities(const StartWork& work);
  void AskStatus(const StartWork& work);
  // What its module restores is checked and chosen before it runs.
  void StartRestore(const StartWork& work);
  // The end of an activity; a snapshot is named before it is reported.
  void FinishActivity(const StartWork& work, Outcome outcome);
  // A shell beside a component of the ledger.
  void Diagnose(const StartWork& work, const DiagnoseItem& item);
  void Finish(const ItemId& id, Outcome outcome);
  void FinishLater(const ItemId& id, Outcome outcome);
  dysnomia::ActivitySet ActivitiesOf(const std::string& module);

  Options options_;
  link::Loop& loop_;
  Log& log_;
  ExecutorLinks links_;
  ActivityRunner activities_;
  StoreRunner store_;
  StateRunner state_;
  DiagnoseRunner diagnoses_;
  QueryRunner queries_;
  InquiryDesk inquiries_;
  std::map<ItemId, SteadyTime> started_;
  std::map<std::string, dysnomia::ActivitySet>
      modules_;  // by type; a provider's package is immutable
};

}  // namespace eris
