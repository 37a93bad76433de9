// Goal: what differs is told by name, drift is found, pictures have what the manual says, and the
// command line of disnix-env means the same here. Method: small manifests and lines of arguments.
#include <gtest/gtest.h>

#include <algorithm>

#include "planner/cli/arguments.h"
#include "planner/cli/comparison.h"
#include "planner/cli/drift.h"
#include "planner/cli/estimate.h"
#include "planner/cli/generation_choice.h"
#include "planner/cli/graph_text.h"
#include "planner/cli/query_text.h"
#include "planner/plan/plan.h"
#include "tests/support/manifest_builder.h"

namespace eris::cli::tool_texts_test {
namespace {

using eris::testing::MakeManifest;

Manifest Shop(const std::string& version = "1") {
  return MakeManifest(
      {{.name = "db", .places = {{"test1"}}, .provides = {"tables"}},
       {.name = "api", .version = version, .places = {{"test2"}}, .depends_on = {"db"}},
       {.name = "web", .places = {{"test2"}}, .activates_after = {"api"}, .connects_to = {"db"}}});
}

TargetAnswer AnswerOf(const Manifest& manifest, const std::string& target) {
  TargetReport report;
  const auto profile = manifest.profiles.find(TargetName(target));
  if (profile != manifest.profiles.end()) report.profile = profile->second.path;
  for (const Mapping& mapping : manifest.mappings) {
    if (mapping.target.text != target) continue;
    const Service& service = manifest.services.at(mapping.service);
    report.mappings.push_back({.service_name = service.name,
                               .service = mapping.service,
                               .container = mapping.container,
                               .digest = mapping.digest,
                               .package = service.package});
  }
  return {TargetName(target), {.verdict = Verdict::kSucceeded, .report = report}};
}

std::size_t CountOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Comparison, TellsWhatIsGoneNewAndChangedByName) {
  EXPECT_TRUE(Compare(Shop(), Shop()).empty());
  EXPECT_EQ(DiscrepanciesText({}), "nothing differs\n");
  const std::string changed = DiscrepanciesText(Compare(Shop(), Shop("2")));
  EXPECT_NE(changed.find("~ service api on test2 in process: package "), std::string::npos);
  EXPECT_EQ(changed.find("service db"), std::string::npos);
  const std::string gone = DiscrepanciesText(Compare(Shop(), {}));
  EXPECT_NE(gone.find("- service web on test2 in process\n"), std::string::npos);
  EXPECT_NE(gone.find("- target test1\n"), std::string::npos);
  EXPECT_NE(DiscrepanciesText(Compare({}, Shop())).find("+ service db"), std::string::npos);
}

TEST(Drift, IsWhatTargetsRunOtherwise) {
  const Manifest shop = Shop();
  std::vector<TargetAnswer> answers = {AnswerOf(shop, "test1"), AnswerOf(shop, "test2")};
  EXPECT_TRUE(DriftOf(shop, answers).empty());
  auto& report = std::get<TargetReport>(answers[1].outcome.report);
  report.mappings[0].digest = "other";
  report.mappings[1].service_name = ServiceName("stranger");
  std::get<TargetReport>(answers[0].outcome.report).mappings[0].state =
      ActiveMapping::State::kInactive;
  const std::vector<Discrepancy> drift = DriftOf(shop, answers);
  ASSERT_EQ(drift.size(), 4u);
  EXPECT_EQ(drift[0].kind, Discrepancy::Kind::kGone);
  EXPECT_EQ(drift[1].subject, "service stranger on test2 in process");
  const std::string text = DiscrepanciesText(drift);  // which of the two comes first is in the keys
  EXPECT_EQ(CountOf(text, "on test2 in process: it runs with other properties"), 1u);
  EXPECT_EQ(CountOf(text, "service db on test1 in process: it does not run"), 1u);
}

TEST(Drift, ATargetThatDoesNotAnswerOrLostItsProfileIsOne) {
  const Manifest shop = Shop();
  std::vector<TargetAnswer> answers = {AnswerOf(shop, "test1"),
                                       {TargetName("test2"), {.verdict = Verdict::kUnavailable}}};
  std::get<TargetReport>(answers[0].outcome.report).profile = StorePath("/nix/store/x-other");
  const std::vector<Discrepancy> drift = DriftOf(shop, answers);
  ASSERT_EQ(drift.size(), 2u);
  EXPECT_EQ(drift[0].subject, "profile of test1");
  EXPECT_EQ(drift[1].what, "it does not answer");
}

TEST(Graph, HasClustersProvidersAndThreeKindsOfArrows) {
  const std::string text = GraphText(Shop(), {});
  EXPECT_NE(text.find("subgraph \"cluster_test2\""), std::string::npos);
  EXPECT_NE(text.find("subgraph \"cluster_test2:process\""), std::string::npos);
  EXPECT_NE(text.find("label=\"db\", peripheries=2"), std::string::npos);
  EXPECT_EQ(CountOf(text, " -> "), 3u);
  EXPECT_EQ(CountOf(text, "style=dashed"), 1u);
  EXPECT_EQ(CountOf(text, "style=dotted"), 1u);
  const std::string without =
      GraphText(Shop(), {.containers = VisualizeCommand::Containers::kHidden, .fates = {}});
  EXPECT_EQ(without.find(":process\" {"), std::string::npos);
}

TEST(Graph, ManyServicesAreLaidInArrays) {
  Manifest many = Shop();
  const Mapping first = many.mappings.front();
  const Service service = many.services.at(first.service);
  for (int i = 0; i < 50; ++i) {
    Mapping mapping = first;
    mapping.service = ServiceKey("key-" + std::to_string(i));
    many.services[mapping.service] = service;
    many.mappings.push_back(mapping);
  }
  const std::string text = GraphText(many, {});
  EXPECT_NE(text.find("layout=osage"), std::string::npos);
  EXPECT_NE(text.find("packmode=\"array_i8\""), std::string::npos) << "51 in one container";
  EXPECT_EQ(GraphText(Shop(), {}).find("layout="), std::string::npos);
}

TEST(Graph, ColoursFatesAndSumsUpWhatIsTooLarge) {
  GraphOptions options;
  options.fates[{TargetName("test2"), ServiceName("api")}] = Fate::kFailed;
  EXPECT_EQ(CountOf(GraphText(Shop(), options), "fillcolor=salmon"), 1u);
  options.most_mappings = 2;
  const std::string summary = GraphText(Shop(), options);
  EXPECT_NE(summary.find("test2: 2 services"), std::string::npos);
  EXPECT_NE(summary.find("\"test2\" -> \"test1\" [label=\"2\"]"), std::string::npos);
}

TEST(QueryText, HasTheShapesOfDisnixQuery) {
  const std::vector<TargetAnswer> answers = {
      AnswerOf(Shop(), "test1"),
      {TargetName("test2"), {.verdict = Verdict::kUnavailable, .message = "absent"}}};
  const std::string package =
      std::get<TargetReport>(answers[0].outcome.report).mappings[0].package.text;
  EXPECT_EQ(ShapedAnswers(answers, QueryCommand::Shape::kServices),
            "Services on: test1\n\n" + package + "\n\nServices on: test2\n\nno answer: absent\n");
  EXPECT_NE(ShapedAnswers(answers, QueryCommand::Shape::kContainers)
                .find("Container: process\n  " + package),
            std::string::npos);
  EXPECT_NE(ShapedAnswers(answers, QueryCommand::Shape::kNix).find("# test2: no answer"),
            std::string::npos);
}

TEST(QueryText, AddsUpWhatWasFreed) {
  constexpr std::uint64_t kMebi = 1024 * 1024;
  const auto freed = [](const char* target, std::uint64_t bytes) {
    return TargetAnswer{TargetName(target),
                        {.verdict = Verdict::kSucceeded, .report = CollectReport{bytes}}};
  };
  const std::vector<TargetAnswer> answers = {freed("a", kMebi), freed("b", 2 * kMebi)};
  EXPECT_EQ(CollectedText(answers), "a: 1.0 MiB freed\nb: 2.0 MiB freed\nin all: 3.0 MiB freed\n");
}

Call CallOf(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "eris");
  auto parsed = ParseArguments(arguments);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? std::get<Call>(*parsed) : Call{};
}

TEST(Tools, DisnixEnvMeansTheSameHere) {
  EXPECT_EQ(CallOf({"env", "-s", "s", "-m", "3", "--no-migration"}).command,
            CallOf({"deploy", "-s", "s", "-m", "3", "--no-migration"}).command);
  EXPECT_EQ(CallOf({"env", "--rollback"}).command, CallOf({"rollback"}).command);
  EXPECT_EQ(CallOf({"env", "--switch-to-generation=4"}).command,
            CallOf({"generations", "switch", "4"}).command);
  EXPECT_EQ(CallOf({"env", "--list-generations"}).command, CallOf({"generations"}).command);
  EXPECT_EQ(CallOf({"env", "--undeploy", "-i", "i"}).command,
            CallOf({"deploy", "--undeploy", "-i", "i"}).command);
  EXPECT_EQ(CallOf({"env", "--delete-generations", "1", "30d"}).command,
            CallOf({"generations", "delete", "1", "30d"}).command);
  EXPECT_EQ(CallOf({"env", "--delete-all-generations"}).command,
            CallOf({"generations", "delete", "all"}).command);
  DeployCommand install;
  install.upgrade = DeployCommand::Upgrade::kRefused;
  EXPECT_EQ(CallOf({"env", "--no-upgrade"}).command, Command(install));
  EXPECT_EQ(CallOf({"env", "--no-lock", "--keep=3", "--interface", "x"}).notes.size(), 3u);
}

std::vector<std::uint64_t> Chosen(const std::vector<std::string>& words) {
  constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;
  constexpr WallTime kNow{1'000 * kDay};
  std::vector<GenerationInfo> known(3);
  for (std::size_t i = 0; i < known.size(); ++i) {
    known[i].generation = {i + 4};
    known[i].committed_at = {kNow.ms - static_cast<std::int64_t>(3 - i) * 20 * kDay};
  }
  known.back().standing = GenerationInfo::Standing::kCurrent;
  const auto chosen = ChooseGenerations(words, known, kNow);
  std::vector<std::uint64_t> numbers;
  if (!chosen) return numbers;
  for (const GenerationNumber number : *chosen) numbers.push_back(number.value);
  return numbers;
}

TEST(Generations, AreChosenByNumberAgeAndAllButTheCurrentOne) {
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(Chosen({"5", "4"}), (Numbers{4, 5}));
  EXPECT_EQ(Chosen({"5 4"}), (Numbers{4, 5}));
  EXPECT_EQ(Chosen({"30d"}), (Numbers{4, 5}));
  EXPECT_EQ(Chosen({"50d"}), (Numbers{4}));
  EXPECT_EQ(Chosen({"0d"}), (Numbers{4, 5})) << "never the current one";
  EXPECT_EQ(Chosen({"old"}), (Numbers{4, 5}));
  EXPECT_EQ(Chosen({"all"}), (Numbers{4, 5}));
  EXPECT_EQ(Chosen({"6"}), (Numbers{6})) << "for the planner to refuse";
  EXPECT_EQ(Chosen({"yesterday"}), (Numbers{}));
}

TEST(Tools, DeployStopsGoesOnAndRepairs) {
  DeployCommand deploy;
  deploy.submit.options.until = Until::kLock;
  EXPECT_EQ(CallOf({"deploy", "--until", "lock"}).command, Command(deploy));
  EXPECT_EQ(CallOf({"deploy", "--resume", "7", "--until", "switch", "--detach"}).command,
            Command(ResumeCommand{
                {.transaction = {7}, .submission = {}}, Until::kSwitch, Following::kDetached}));
  EXPECT_EQ(CallOf({"deploy", "--repair"}).command, Command(RepairCommand{}));
  EXPECT_EQ(CallOf({"deploy", "--repair", "--dry-run"}).command,
            Command(RepairCommand{{}, RepairCommand::Doing::kShowing}));
}

TEST(Drift, IsWhatARepairIsAbout) {
  const Manifest shop = Shop();
  TargetAnswer answer = AnswerOf(shop, "test1");
  const std::vector<TargetAnswer> fine = {answer};
  EXPECT_TRUE(RepairsOf(shop, fine).value().empty());
  auto& report = std::get<TargetReport>(answer.outcome.report);
  ASSERT_FALSE(report.mappings.empty());
  report.mappings[0].state = ActiveMapping::State::kInactive;
  report.profile = StorePath("/nix/store/other");
  const std::vector<TargetAnswer> died = {answer};
  const std::vector<Repair> repairs = RepairsOf(shop, died).value();
  ASSERT_EQ(repairs.size(), 2u);
  EXPECT_EQ(repairs[0].found, Repair::Found::kMissing);
  EXPECT_EQ(repairs[1].found, Repair::Found::kProfile);
  const std::vector<TargetAnswer> silent = {{TargetName("test1"), {}}};
  EXPECT_FALSE(RepairsOf(shop, silent).has_value());
}

TEST(Tools, ADryRunIsAPlan) {
  EXPECT_EQ(CallOf({"deploy", "--dry-run", "--overlap"}).command,
            CallOf({"plan", "--overlap"}).command);
}

TEST(Tools, AGenerationIsDrawnWhereNoModelIsGiven) {
  const auto drawn = [](std::vector<const char*> line) {
    return std::get<VisualizeCommand>(CallOf(std::move(line)).command);
  };
  EXPECT_FALSE(drawn({"visualize"}).models);
  EXPECT_EQ(drawn({"visualize", "-s", "x"}).models->sources.services, "x");
  EXPECT_EQ(drawn({"visualize", "--format", "png"}).format, VisualizeCommand::Format::kPng);
}

LogEntry Done(const char* subject, std::int64_t took_ms, std::uint64_t bytes = 0) {
  LogEntry entry;
  entry.item.subject = subject;
  entry.outcome.verdict = Verdict::kSucceeded;
  entry.outcome.took_ms = took_ms;
  if (bytes > 0) entry.outcome.report = SnapshotReport{.snapshot = "process/db/1", .bytes = bytes};
  return entry;
}

TEST(Estimates, AreTheLongestWayThroughTheSwitchByWhatStepsTookLast) {
  const auto shop = [](const char* target) {
    return MakeManifest({{.name = "db", .places = {{target}}, .deploy_state = true},
                         {.name = "api", .places = {{"t3"}}, .depends_on = {"db"}}});
  };
  const Manifest base = shop("t1");
  const Manifest next = shop("t2");
  const ProfileName profile("default");
  const auto plan =
      MakePlan({.profile = profile, .base_generation = {1}, .base = &base, .next = next});
  ASSERT_TRUE(plan.has_value());
  PastSteps past;
  past.Add(Done("snapshot db in process", 2'000, 3 << 20));
  past.Add(Done("snapshot db in process", 9'000, 1 << 20));  // an older one
  past.Add(Done("fetch the last known state of db", 4'000));
  past.Add(Done("restore db in process", 10'000));
  past.Add(Done("deactivate api in process", 500));
  LogEntry failed = Done("send the state of db to the depot", 60'000);
  failed.outcome.verdict = Verdict::kFailed;
  past.Add(failed);
  EXPECT_EQ(EstimatesOf(*plan, past),
            (std::vector<std::string>{
                "the last snapshot of db in process on t1 had 3.0 MiB",
                "expected to be locked for about 16.5 s, by how long such steps took last (1 of 4 "
                "with state are not known)"}));
  EXPECT_TRUE(EstimatesOf(Plan(), past).empty());
}

}  // namespace
}  // namespace eris::cli::tool_texts_test
