// Goal: a deployment without some of its targets leaves them as they are, never has anything stand
// on what is not there, and leaves a consistent manifest. Method: small manifests, their plans, and
// the plan of the next deployment, which has all targets again.
#include "planner/plan/left_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "planner/plan/plan.h"
#include "planner/plan/plan_text.h"
#include "tests/support/manifest_builder.h"

namespace eris::left_out_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeManifest;
using ::testing::Not;
using testing::ServiceSpec;
using ::testing::UnorderedElementsAre;

const ProfileName kName("default");
const std::vector<TargetName> kEdge{TargetName("edge")};

// A service in the centre, and agents that need it: one beside it, one on the edge.
Manifest Fleet(const std::string& version, const std::string& agent = "1") {
  return MakeManifest({{.name = "centre", .version = version, .places = {{"t1"}}},
                       {.name = "agent",
                        .version = agent,
                        .places = {{"edge"}, {"t2"}},
                        .depends_on = {"centre"}}});
}

Result<Plan> PlanOf(const Manifest* base, const Manifest& next, std::vector<TargetName> left_out) {
  return MakePlan({.profile = kName,
                   .base_generation = {base == nullptr ? 0U : 1U},
                   .base = base,
                   .next = next,
                   .left_out = std::move(left_out)});
}

std::set<std::string> QueuesOf(const Plan& plan) {
  std::set<std::string> queues;
  for (const PlanItem& item : plan.items) queues.insert(item.queue.ToString());
  return queues;
}

// "activate agent in process" and the like, with the target.
std::set<std::string> SwitchOf(const Plan& plan) {
  std::set<std::string> lines;
  for (const PlanItem& item : plan.items) {
    const bool moves = std::holds_alternative<ActivateItem>(item.body) ||
                       std::holds_alternative<DeactivateItem>(item.body);
    if (moves) lines.insert(DescribeItem(item.body) + " on " + item.queue.name);
  }
  return lines;
}

TEST(LeftOut, AnAbsentTargetKeepsWhatItHasAndTheOthersMove) {
  const Manifest base = Fleet("1");
  const Manifest wanted = Fleet("2");
  const Result<Manifest> next = LeaveOut(kEdge, &base, wanted);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->profiles.at(kEdge.front()), base.profiles.at(kEdge.front()));
  const Result<Plan> plan = PlanOf(&base, *next, kEdge);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(QueuesOf(*plan), Not(::testing::Contains("target.edge")));
  EXPECT_THAT(
      SwitchOf(*plan),
      UnorderedElementsAre("deactivate centre in process on t1", "activate centre in process on t1",
                           "deactivate agent in process on t2", "activate agent in process on t2"));
  EXPECT_EQ(plan->summary.left_out, kEdge);
  EXPECT_THAT(SummaryLine(plan->summary), HasSubstr("not connected and left out: edge"));
}

TEST(LeftOut, TheNextDeploymentBringsTheTargetUpToDate) {
  const Manifest base = Fleet("1");
  const Manifest wanted = Fleet("2");
  const Result<Manifest> without = LeaveOut(kEdge, &base, wanted);
  ASSERT_TRUE(without);
  const Result<Plan> plan = PlanOf(&*without, wanted, {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(SwitchOf(*plan), UnorderedElementsAre("deactivate agent in process on edge",
                                                    "activate agent in process on edge"));
  EXPECT_THAT(plan->summary.left_out, IsEmpty());
}

TEST(LeftOut, ATargetWithNothingOnItYetStaysSo) {
  const Manifest wanted = Fleet("1");
  const Result<Manifest> next = LeaveOut(kEdge, nullptr, wanted);
  ASSERT_TRUE(next);
  const Result<Plan> plan = PlanOf(nullptr, *next, kEdge);
  ASSERT_TRUE(plan);
  EXPECT_THAT(SwitchOf(*plan), UnorderedElementsAre("activate centre in process on t1",
                                                    "activate agent in process on t2"));
  EXPECT_TRUE(next->targets.contains(kEdge.front()));
}

// In place: the key of what it depends on is the same, its digest is another one.
TEST(LeftOut, IsKeptThoughWhatItComesAfterIsBroughtUpAnew) {
  const auto with_port = [](const std::string& port) {
    return MakeManifest({{.name = "centre", .places = {{"t1"}}},
                         {.name = "agent", .places = {{"edge"}}, .depends_on = {"centre"}}},
                        {{"t1", {{"process", {{"port", port}}}}}});
  };
  const Manifest base = with_port("1");
  const Result<Manifest> next = LeaveOut(kEdge, &base, with_port("2"));
  ASSERT_TRUE(next);
  const Result<Plan> plan = PlanOf(&base, *next, kEdge);
  ASSERT_TRUE(plan);
  EXPECT_THAT(SwitchOf(*plan), UnorderedElementsAre("deactivate centre in process on t1",
                                                    "activate centre in process on t1"));
}

TEST(LeftOut, NothingStandsOnWhatAnAbsentTargetShouldGet) {
  const auto deployed = [](const std::string& version) {
    return MakeManifest({{.name = "data", .version = version, .places = {{"edge"}}},
                         {.name = "api", .places = {{"t1"}}, .depends_on = {"data"}}});
  };
  const Manifest base = deployed("1");
  const Result<Manifest> next = LeaveOut(kEdge, &base, deployed("2"));
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(next.error().message, HasSubstr("api on t1 needs data there"));
  EXPECT_FALSE(LeaveOut(kEdge, nullptr, deployed("1")));
}

TEST(LeftOut, WhatStandsOnWhatIsThereAlreadyMayMove) {
  const auto deployed = [](const std::string& version) {
    return MakeManifest(
        {{.name = "data", .places = {{"edge"}}},
         {.name = "api", .version = version, .places = {{"t1"}}, .depends_on = {"data"}}});
  };
  const Manifest base = deployed("1");
  const Result<Manifest> next = LeaveOut(kEdge, &base, deployed("2"));
  ASSERT_TRUE(next) << next.error().message;
  const Result<Plan> plan = PlanOf(&base, *next, kEdge);
  ASSERT_TRUE(plan);
  EXPECT_THAT(QueuesOf(*plan), Not(::testing::Contains("target.edge")));
}

TEST(LeftOut, NoServiceVanishesBecauseItMovesToAnAbsentTarget) {
  const Manifest base = MakeManifest({{.name = "web", .places = {{"t1"}}}});
  const Manifest wanted = MakeManifest({{.name = "web", .places = {{"edge"}}}});
  const Result<Manifest> next = LeaveOut(kEdge, &base, wanted);
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().message, HasSubstr("web moves there, and would be nowhere"));
}

TEST(LeftOut, AStateThatMovesNeedsWhoWritesIt) {
  const auto deployed = [](const std::string& place) {
    return MakeManifest({{.name = "data", .places = {{place}}, .deploy_state = true},
                         {.name = "writer", .places = {{"edge"}}, .connects_to = {"data"}}});
  };
  const Manifest base = deployed("t1");
  const Result<Manifest> next = LeaveOut(kEdge, &base, deployed("t2"));
  ASSERT_TRUE(next) << next.error().message;
  const Result<Plan> plan = PlanOf(&base, *next, kEdge);
  // Either the writer is out of the way, or the deployment is refused: never moved under its hands.
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("target edge cannot be left out"));
}

TEST(LeftOut, AManifestThatContradictsItselfIsRefused) {
  Manifest wanted = Fleet("1");
  wanted.services.clear();
  const Result<Manifest> next = LeaveOut(kEdge, nullptr, wanted);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace eris::left_out_test
