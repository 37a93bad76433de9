// What a target says of itself when it is asked (QueryItem): what runs, what its profile says, what
// it has for services, what an installation of Disnix has deployed there. Reads, and asks modules
// for their `status`; changes nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "broker/link/loop.h"
#include "schema/values/ledger.h"
#include "schema/values/work_item.h"
#include "worker/activity_items.h"
#include "worker/activity_runner.h"
#include "worker/offer.h"
#include "worker/store_runner.h"

namespace eris {

// Owned by the executor, whose parts it uses.
class QueryRunner {
 public:
  struct Options {
    OfferSources offer;
    std::filesystem::path disnix_profiles;  // where Disnix keeps its profiles on this machine
  };
  struct Parts {  // all outlive the runner
    link::Loop& loop;
    ActivityRunner& activities;
    const StoreRunner& store;
    ActivitiesOfModule activities_of;
    std::function<const LedgerState&()> ledger;
  };
  using Done = std::function<void(Outcome)>;

  QueryRunner(Options options, Parts parts)
      : options_(std::move(options)), parts_(std::move(parts)) {}

  // Once, from the loop, never from within. `attempt` names the attempt that asks the modules.
  void Start(const std::string& attempt, const QueryItem& query, Done done);

 private:
  void Report(const std::string& attempt, const QueryItem& query, Done done);
  Outcome Offer() const;
  Outcome Disnix(const ProfileName& profile) const;

  Options options_;
  Parts parts_;
};

}  // namespace eris
