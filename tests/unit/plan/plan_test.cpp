// Goal: the plan of a change is the one that the design describes, word for word. Method: small
// manifests, and the plan's text compared with what it should say.
#include "planner/plan/plan.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "planner/plan/diff.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "schema/values/message.h"
#include "tests/support/manifest_builder.h"

namespace eris {
namespace {

using testing::MakeManifest;
using testing::ServiceSpec;

const ProfileName kProfile("default");

std::vector<ServiceSpec> ThreeTiers() {
  return {{.name = "data", .places = {{"t1"}}},
          {.name = "api", .places = {{"t2"}}, .depends_on = {"data"}},
          {.name = "web", .places = {{"t3"}}, .depends_on = {"api"}}};
}

// An application in a container that a service provides.
std::vector<ServiceSpec> Provided() {
  return {{.name = "server", .places = {{"t1"}}, .provides = {"apps"}},
          {.name = "app", .places = {{"t1", "apps"}}}};
}

Result<Plan> TryPlan(const Manifest* base, const Manifest& next, const PlanOptions& options = {}) {
  return MakePlan({.profile = kProfile,
                   .base_generation = GenerationNumber{base == nullptr ? 0U : 4U},
                   .base = base,
                   .next = next,
                   .options = options});
}

Plan PlanOf(const Manifest* base, const Manifest& next, const PlanOptions& options = {}) {
  Result<Plan> plan = TryPlan(base, next, options);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan.value_or(Plan());
}

// The lines of one phase.
std::string PhaseOf(const Plan& plan, const std::string& phase) {
  const std::string text = PlanToText(plan);
  const std::string title = "\n" + phase + "\n";
  const std::size_t begin = text.find(title);
  if (begin == std::string::npos) return "";
  return text.substr(begin + title.size(), text.find("\n\n", begin + 1) + 1 - begin - title.size());
}

TEST(Plan, InstallsDependenciesFirst) {
  const Manifest next = MakeManifest(ThreeTiers());
  const Plan plan = PlanOf(nullptr, next);
  EXPECT_EQ(
      PlanToText(plan),
      R"(profile default, from nothing: 3 to activate, 0 to deactivate, 0 kept; nothing goes down

prepare
     0  build api, data, web, profile-t3, profile-t1, profile-t2 on a builder for x86_64-linux
        -- all of the above first --
     1  transfer profile-t1 on t1  (after 0)
     2  transfer profile-t2 on t2  (after 0)
     3  transfer profile-t3 on t3  (after 0)

lease
     4  take the lease on t1
     5  take the lease on t2
     6  take the lease on t3

confirm
     7  confirm the lease on t1
     8  confirm the lease on t2
     9  confirm the lease on t3

switch
    10  activate data in process on t1
    11  activate api in process on t2  (after 10)
    12  activate web in process on t3  (after 11)

commit
    13  set the profile to profile-t1 on t1
    14  set the profile to profile-t2 on t2
    15  set the profile to profile-t3 on t3

unlock
    16  unlock data on t1
    17  unlock api on t2  (after 16)
    18  unlock web on t3  (after 17)
    19  release the lease on t1  (after 16)
    20  release the lease on t2  (after 17)
    21  release the lease on t3  (after 18)
)");
}

// What the activities need is made ready meanwhile.
TEST(Plan, ALeaseSaysHowManyActivitiesFollow) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs[1].version = "2";
  std::vector<std::uint32_t> expected;
  for (const PlanItem& item : PlanOf(&base, MakeManifest(specs)).items) {
    const auto* lock = std::get_if<LockItem>(&item.body);
    const auto* lease = lock == nullptr ? nullptr : std::get_if<AcquireLease>(&lock->what);
    if (lease != nullptr) expected.push_back(lease->switch_items);
  }
  EXPECT_EQ(expected, (std::vector<std::uint32_t>{0, 2, 2}));
}

TEST(Plan, UpgradeOfAMiddleServiceTakesItsDependentsDown) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs[1].version = "2";
  const Plan plan = PlanOf(&base, MakeManifest(specs));
  EXPECT_EQ(
      PlanToText(plan),
      R"(profile default, from generation 4: 2 to activate, 2 to deactivate, 1 kept; down during the switch: api, web

prepare
     0  build web, api, profile-t2, profile-t3 on a builder for x86_64-linux
        -- all of the above first --
     1  transfer profile-t2 on t2  (after 0)
     2  transfer profile-t3 on t3  (after 0)

lease
     3  take the lease on t1
     4  take the lease on t2
     5  take the lease on t3

lock
     6  lock web on t3
     7  lock api on t2  (after 6)
     8  lock data on t1  (after 7)

confirm
     9  confirm the lease on t1
    10  confirm the lease on t2
    11  confirm the lease on t3

switch
    12  deactivate web in process on t3
    13  unlock web on t3  (after 12)
    14  deactivate api in process on t2  (after 12)
    15  unlock api on t2  (after 14)
        -- all of the above first --
    16  activate api in process on t2  (after 14, 15)
    17  activate web in process on t3  (after 12, 13, 16)

commit
    18  set the profile to profile-t2 on t2
    19  set the profile to profile-t3 on t3

unlock
    20  unlock data on t1
    21  unlock api on t2  (after 20)
    22  unlock web on t3  (after 21)
    23  release the lease on t1  (after 20)
    24  release the lease on t2  (after 21)
    25  release the lease on t3  (after 22)
)");
}

TEST(Plan, UndeployTakesEverythingDownAndRemovesProfiles) {
  const Manifest base = MakeManifest(ThreeTiers());
  const Plan plan = PlanOf(&base, UndeployedManifest(base));
  EXPECT_EQ(
      PlanToText(plan),
      R"(profile default, from generation 4: 0 to activate, 3 to deactivate, 0 kept; down during the switch: api, data, web

lease
     0  take the lease on t1
     1  take the lease on t2
     2  take the lease on t3

lock
     3  lock web on t3
     4  lock api on t2  (after 3)
     5  lock data on t1  (after 4)

confirm
     6  confirm the lease on t1
     7  confirm the lease on t2
     8  confirm the lease on t3

switch
     9  deactivate web in process on t3
    10  unlock web on t3  (after 9)
    11  deactivate api in process on t2  (after 9)
    12  unlock api on t2  (after 11)
    13  deactivate data in process on t1  (after 11)
    14  unlock data on t1  (after 13)

commit
    15  remove the profile on t1
    16  remove the profile on t2
    17  remove the profile on t3

unlock
    18  release the lease on t1
    19  release the lease on t2
    20  release the lease on t3
)");
}

TEST(Plan, AMovedServiceLeavesItsOldTarget) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs[2].places = {{"t4"}};
  const Plan plan = PlanOf(&base, MakeManifest(specs));
  EXPECT_EQ(PhaseOf(plan, "prepare"), R"(     0  build profile-t4 on a builder for x86_64-linux
     1  transfer profile-t4 on t4  (after 0)
)");
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(    13  deactivate web in process on t3
    14  unlock web on t3  (after 13)
        -- all of the above first --
    15  activate web in process on t4
)");
  EXPECT_EQ(PhaseOf(plan, "commit"), R"(    16  remove the profile on t3
    17  set the profile to profile-t4 on t4
)");
  EXPECT_EQ(PhaseOf(plan, "unlock"), R"(    18  unlock data on t1
    19  unlock api on t2  (after 18)
    20  unlock web on t4  (after 19)
    21  release the lease on t1  (after 18)
    22  release the lease on t2  (after 19)
    23  release the lease on t3
    24  release the lease on t4  (after 20)
)");
}

TEST(Plan, WhatIsInAProvidedContainerGoesBeforeItsProviderAndComesAfterIt) {
  auto specs = Provided();
  const Manifest base = MakeManifest(specs);
  specs[0].version = "2";
  const Plan plan = PlanOf(&base, MakeManifest(specs));
  EXPECT_EQ(PhaseOf(plan, "lock"), R"(     3  lock app on t1
     4  lock server on t1  (after 3)
)");
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(     6  deactivate app in apps on t1
     7  unlock app on t1  (after 6)
     8  deactivate server in process on t1  (after 6, 7)
     9  unlock server on t1  (after 8)
        -- all of the above first --
    10  activate server in process on t1  (after 8, 9)
    11  activate app in apps on t1  (after 6, 7, 10)
)");
  EXPECT_EQ(PhaseOf(plan, "unlock"), R"(    13  unlock server on t1
    14  unlock app on t1  (after 13)
    15  release the lease on t1  (after 13, 14)
)");
}

TEST(Plan, OverlapOrdersOnlyWhatSharesAComponent) {
  auto specs = ThreeTiers();
  const Manifest base = MakeManifest(specs);
  specs[0].version = "2";
  specs[0].places = {{"t4"}};
  specs[1].places = {{"t5"}};
  const Plan plan = PlanOf(&base, MakeManifest(specs), {.switching = SwitchPolicy::kOverlap});
  EXPECT_EQ(PhaseOf(plan, "switch"), R"(    17  deactivate web in process on t3
    18  unlock web on t3  (after 17)
    19  deactivate api in process on t2  (after 17)
    20  unlock api on t2  (after 19)
    21  deactivate data in process on t1  (after 19)
    22  unlock data on t1  (after 21)
    23  activate data in process on t4
    24  activate api in process on t5  (after 23)
    25  activate web in process on t3  (after 17, 18, 24)
)");
}

TEST(Plan, BuildsOnTargets) {
  const Manifest next = MakeManifest(Provided());
  const Plan plan = PlanOf(nullptr, next, {.build = BuildPlace::kTargets, .build_batch = 1});
  EXPECT_EQ(PhaseOf(plan, "prepare"), R"(     0  transfer app.drv, server.drv, profile-t1.drv on t1
     1  build app on t1  (after 0)
     2  build server on t1  (after 1)
     3  build profile-t1 on t1  (after 2)
     4  transfer profile-t1 on t1  (after 3)
)");
}

TEST(Plan, TransfersNameTheSubstitutersOfTheirTarget) {
  Manifest next = MakeManifest(ThreeTiers());
  const std::string before = PlanHash(PlanOf(nullptr, next, {}));
  next.targets.at(TargetName("t1"))
      .properties.push_back({.name = "substituters", .text = "https://a ssh://b", .json = "[]"});
  const Plan plan = PlanOf(nullptr, next, {});
  int with = 0;
  for (const PlanItem& item : plan.items) {
    const auto* transfer = std::get_if<TransferItem>(&item.body);
    if (transfer == nullptr) continue;
    const bool is_there = item.queue.name == "t1";
    with += is_there ? 1 : 0;
    EXPECT_EQ(transfer->substituters, is_there ? std::vector<std::string>({"https://a", "ssh://b"})
                                               : std::vector<std::string>());
  }
  EXPECT_EQ(with, 1);
  EXPECT_NE(PlanHash(plan), before);
}

// An item travels in one message: one that does not fit would never arrive.
TEST(Plan, TransfersDerivationsInBatchesThatFitIntoAMessage) {
  constexpr std::size_t kServices = 2'000;
  std::vector<ServiceSpec> services(kServices);
  for (std::size_t i = 0; i < kServices; ++i) {
    services[i] = {.name = std::string(200, 's') + std::to_string(i), .places = {{"t1"}}};
  }
  const Plan plan =
      PlanOf(nullptr, MakeManifest(services), {.build = BuildPlace::kTargets, .build_batch = 50});
  std::size_t paths = 0;
  std::size_t transfers = 0;
  for (const PlanItem& item : plan.items) {
    const auto* transfer = std::get_if<TransferItem>(&item.body);
    if (transfer == nullptr) continue;
    std::size_t bytes = 0;
    for (const StorePath& path : transfer->paths) bytes += path.text.size();
    EXPECT_LT(bytes, limits::kBodyBytes / 2);
    paths += transfer->paths.size();
    ++transfers;
  }
  EXPECT_EQ(paths, kServices + 2) << "each package, the profile's derivation and the profile";
  EXPECT_GT(transfers, 2U);
}

TEST(Plan, BuildsPackagesInBoundedBatches) {
  const Plan plan = PlanOf(nullptr, MakeManifest(ThreeTiers()), {.build_batch = 2});
  EXPECT_EQ(PhaseOf(plan, "prepare"), R"(     0  build api, data on a builder for x86_64-linux
     1  build web on a builder for x86_64-linux
        -- all of the above first --
     2  build profile-t3, profile-t1 on a builder for x86_64-linux
     3  build profile-t2 on a builder for x86_64-linux
     4  transfer profile-t1 on t1  (after 2)
     5  transfer profile-t2 on t2  (after 3)
     6  transfer profile-t3 on t3  (after 2)
)");
}

TEST(Plan, BuildsProfilesOnTheirOwnWhereABatchCannotHoldBoth) {
  const auto builds = [](std::uint32_t batch) {
    std::vector<std::size_t> sizes;
    for (const PlanItem& item :
         PlanOf(nullptr, MakeManifest(ThreeTiers()), {.build_batch = batch}).items) {
      if (const auto* build = std::get_if<BuildItem>(&item.body)) {
        sizes.push_back(build->derivations.size());
      }
    }
    return sizes;
  };
  EXPECT_EQ(builds(6), (std::vector<std::size_t>{6}));
  EXPECT_EQ(builds(5), (std::vector<std::size_t>{3, 3}));
}

// An item travels in one message: one that does not fit would never arrive.
TEST(Plan, UnlocksInBatchesThatFitIntoAMessage) {
  constexpr std::size_t kServices = 1000;
  constexpr std::size_t kPropertyBytes = 1000;  // as text and as JSON
  std::vector<ServiceSpec> services(kServices);
  for (std::size_t i = 0; i < kServices; ++i) {
    services[i] = {.name = "s" + std::to_string(i), .places = {{"t1"}}};
  }
  const Manifest next = MakeManifest(
      services, {{"t1", {{"process", {{"payload", std::string(kPropertyBytes, 'x')}}}}}});
  std::size_t unlocked = 0;
  for (const PlanItem& item : PlanOf(nullptr, next).items) {
    const auto* unlock = std::get_if<UnlockItem>(&item.body);
    const auto* batch = unlock ? std::get_if<UnlockComponents>(&unlock->what) : nullptr;
    if (batch == nullptr) continue;
    unlocked += batch->components.size();
    EXPECT_LT(batch->components.size() * 2 * kPropertyBytes, limits::kBodyBytes / 2);
  }
  EXPECT_EQ(unlocked, kServices);
}

TEST(Plan, OfNoChangeIsEmpty) {
  const Manifest manifest = MakeManifest(ThreeTiers());
  const Plan plan = PlanOf(&manifest, manifest);
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.summary.kept, 3U);
  EXPECT_EQ(PlanToText(plan),
            "profile default, from generation 4: 0 to activate, 0 to deactivate, 3 kept; nothing "
            "goes down\nnothing to do\n");
}

TEST(Plan, BuildsNoPackageForAChangedProperty) {
  const Manifest base = MakeManifest(ThreeTiers(), {{"t3", {{"process", {{"port", "1"}}}}}});
  const Manifest next = MakeManifest(ThreeTiers(), {{"t3", {{"process", {{"port", "2"}}}}}});
  const Plan plan = PlanOf(&base, next);
  EXPECT_EQ(PhaseOf(plan, "prepare"),
            "     0  build profile-t3 on a builder for x86_64-linux\n"
            "     1  transfer profile-t3 on t3  (after 0)\n");
  EXPECT_EQ(SummaryLine(plan.summary),
            "1 to activate, 1 to deactivate, 2 kept; down during the switch: web");
}

TEST(Plan, GivesOldPropertiesToWhatGoesAndNewOnesToWhatComes) {
  const Manifest base = MakeManifest(ThreeTiers(), {{"t3", {{"process", {{"port", "1"}}}}}});
  const Manifest next = MakeManifest(ThreeTiers(), {{"t3", {{"process", {{"port", "2"}}}}}});
  const auto port = [](const Activity& activity) { return activity.properties.at(0).text; };
  int seen = 0;
  for (const PlanItem& item : PlanOf(&base, next).items) {
    if (const auto* down = std::get_if<DeactivateItem>(&item.body)) {
      EXPECT_EQ(port(down->activity), "1");
      EXPECT_EQ(*item.inverse, ItemBody(ActivateItem{down->activity}));
      ++seen;
    }
    if (const auto* up = std::get_if<ActivateItem>(&item.body)) {
      EXPECT_EQ(port(up->activity), "2");
      EXPECT_EQ(*item.inverse, ItemBody(DeactivateItem{up->activity}));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 2);
}

TEST(Plan, TakesModuleAndPropertiesFromTheProviderOfAContainer) {
  const Manifest next = MakeManifest(Provided());
  const Plan plan = PlanOf(nullptr, next);
  const auto* server = std::get_if<ActivateItem>(&plan.items.at(4).body);
  const auto* app = std::get_if<ActivateItem>(&plan.items.at(5).body);
  ASSERT_TRUE(server != nullptr && app != nullptr);
  EXPECT_EQ(server->activity.module, "process");
  EXPECT_EQ(app->activity.module, server->activity.package.text);
  EXPECT_EQ(app->activity.properties.at(0).text, "server");
  EXPECT_EQ(app->activity.component, ComponentName("app"));
}

TEST(Plan, HandsNoStructuredPropertyToActivities) {
  Manifest next = MakeManifest({{.name = "a", .places = {{"t1"}}}});
  next.targets.begin()->second.containers.begin()->second = {
      {"password", Property::Kind::kSecret, "db", ""},
      {"set", Property::Kind::kStructured, "", "{}"}};
  for (const PlanItem& item : PlanOf(nullptr, next).items) {
    if (const auto* up = std::get_if<ActivateItem>(&item.body)) {
      ASSERT_EQ(up->activity.properties.size(), 1U);
      EXPECT_EQ(up->activity.properties[0].name, "password");
    }
  }
}

TEST(Plan, InverseOfAProfileIsTheOldOne) {
  const Manifest base = MakeManifest(ThreeTiers());
  auto specs = ThreeTiers();
  specs[2].places = {{"t4"}};
  const Manifest next = MakeManifest(specs);
  std::vector<std::pair<std::string, std::string>> moves;
  for (const PlanItem& item : PlanOf(&base, next).items) {
    if (const auto* set = std::get_if<SetProfileItem>(&item.body)) {
      moves.emplace_back(std::get<SetProfileItem>(*item.inverse).path.text, set->path.text);
    }
  }
  EXPECT_EQ(moves, (decltype(moves){{base.profiles.at(TargetName("t3")).path.text, ""},
                                    {"", next.profiles.at(TargetName("t4")).path.text}}));
}

TEST(Plan, CarriesTheDeadlinesOfServices) {
  Manifest base = MakeManifest(ThreeTiers());
  base.services.at(base.mappings[2].service).deadline_ms = 7;  // web's
  const Plan plan = PlanOf(&base, UndeployedManifest(base));
  int seen = 0;
  for (const PlanItem& item : plan.items) {
    if (!item.deadline_ms) continue;
    EXPECT_EQ(*item.deadline_ms, 7);
    EXPECT_EQ(item.queue.name, "t3");
    ++seen;
  }
  EXPECT_EQ(seen, 3) << "lock, deactivate, unlock";
}

TEST(Plan, RefusesServicesWithoutAProfile) {
  Manifest next = MakeManifest(ThreeTiers());
  next.profiles.erase(TargetName("t2"));
  EXPECT_EQ(TryPlan(nullptr, next).error().message,
            "manifest: target t2 has services and no profile");
  next = MakeManifest(ThreeTiers());
  next.profiles.at(TargetName("t1")).path = StorePath();
  EXPECT_EQ(TryPlan(nullptr, next).error().message,
            "manifest: the profile of target t1 has no store path");
}

TEST(Plan, SummaryCutsLongListsShort) {
  PlanSummary summary;
  for (char c = 'a'; c < 'a' + 12; ++c) summary.down.emplace_back(std::string(1, c));
  EXPECT_EQ(SummaryLine(summary),
            "0 to activate, 0 to deactivate, 0 kept; down during the switch: a, b, c, d, e, f, g, "
            "h, i, j and 2 more");
}

TEST(PlanHash, IsStableAndCoversEveryPart) {
  const Manifest next = MakeManifest(ThreeTiers());
  const Plan plan = PlanOf(nullptr, next);
  EXPECT_EQ(PlanHash(plan), PlanHash(PlanOf(nullptr, next)));
  std::set<std::string> hashes = {PlanHash(plan)};
  const auto expect_new = [&](const Plan& other, const char* what) {
    EXPECT_TRUE(hashes.insert(PlanHash(other)).second) << what;
  };
  const auto changed = [&](auto change) {
    Plan other = plan;
    change(other);
    return other;
  };
  expect_new(changed([](Plan& p) { p.profile = ProfileName("x"); }), "profile");
  expect_new(changed([](Plan& p) { p.base.value = 9; }), "base");
  expect_new(changed([](Plan& p) { p.items.pop_back(); }), "items");
  expect_new(changed([](Plan& p) { p.items[12].stage = 7; }), "stage");
  expect_new(changed([](Plan& p) { p.items[12].queue.name = "x"; }), "queue");
  expect_new(changed([](Plan& p) { p.items[12].after.clear(); }), "edges");
  expect_new(changed([](Plan& p) { p.items[12].inverse.reset(); }), "inverse");
  expect_new(changed([](Plan& p) { p.items[12].deadline_ms = 0; }), "deadline");
  expect_new(
      changed([](Plan& p) { std::get<ActivateItem>(p.items[12].body).activity.digest = "x"; }),
      "body");
  expect_new(changed([](Plan& p) { p.summary.down.emplace_back("x"); }), "summary");
}

// Golden: a plan that was approved by its hash yesterday must come out with the same hash today.
TEST(PlanHash, OfAKnownPlan) {
  Plan plan{.profile = ProfileName("default"), .base = {3}, .items = {}, .summary = {}};
  plan.items.push_back({.phase = PlanPhase::kCommit,
                        .stage = 7,
                        .queue = {QueueName::Kind::kTarget, "t1"},
                        .body = SetProfileItem{ProfileName("default"), StorePath("/nix/store/a")},
                        .inverse = SetProfileItem{ProfileName("default"), StorePath()},
                        .after = {},
                        .deadline_ms = 1000});
  EXPECT_EQ(PlanHash(plan), "fea9f0449ff3f4a74838f31eb10b48dd637d97448f87bffe54a38ae668284f22");
}

}  // namespace
}  // namespace eris
