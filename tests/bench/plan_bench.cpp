// How long planning takes, and that it grows linearly: services on a tenth as many targets, in ten
// layers, each depending on three services of the layer below. The goal is 10,000 services within a
// second.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "planner/plan/diff.h"
#include "planner/plan/plan.h"
#include "planner/plan/plan_hash.h"
#include "planner/plan/plan_text.h"
#include "planner/plan/rollback.h"
#include "schema/base/check.h"
#include "tests/support/manifest_builder.h"

namespace eris {
namespace {

constexpr std::size_t kLayers = 10;
constexpr std::size_t kFanIn = 3;

// `bottom_version` of the lowest layer: another one changes everything.
Manifest LayeredManifest(std::size_t count, const std::string& bottom_version,
                         const std::string& last_version) {
  const std::size_t width = count / kLayers;
  const std::size_t targets = count / 10;
  std::vector<testing::ServiceSpec> services;
  services.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    testing::ServiceSpec service{.name = "service-" + std::to_string(i)};
    service.places = {{"target-" + std::to_string(i % targets)}};
    if (i < width) service.version = bottom_version;
    if (i + 1 == count) service.version = last_version;
    for (std::size_t k = 0; i >= width && k < kFanIn; ++k) {
      service.depends_on.push_back(
          "service-" + std::to_string((i / width - 1) * width + (i * 7 + k * 13) % width));
    }
    services.push_back(std::move(service));
  }
  testing::PropertySpec properties;
  for (std::size_t i = 0; i < targets; ++i) {
    properties["target-" + std::to_string(i)]["process"] = {{"port", "8080"}, {"user", "eris"}};
  }
  return testing::MakeManifest(services, properties);
}

Plan PlanOf(const Manifest* base, const Manifest& next) {
  const ProfileName profile("default");
  auto plan = MakePlan(
      {.profile = profile, .base_generation = GenerationNumber{1}, .base = base, .next = next});
  ERIS_CHECK(plan.has_value(), "the manifests are consistent");
  return std::move(*plan);
}

std::size_t CountOf(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void PlanInstall(benchmark::State& state) {
  const Manifest next = LayeredManifest(CountOf(state), "1", "1");
  for (auto _ : state) benchmark::DoNotOptimize(PlanOf(nullptr, next));
  state.SetComplexityN(state.range(0));
}

void PlanUpgradeOfEverything(benchmark::State& state) {
  const Manifest base = LayeredManifest(CountOf(state), "1", "1");
  const Manifest next = LayeredManifest(CountOf(state), "2", "1");
  for (auto _ : state) benchmark::DoNotOptimize(PlanOf(&base, next));
  state.SetComplexityN(state.range(0));
}

void PlanUpgradeOfOne(benchmark::State& state) {
  const Manifest base = LayeredManifest(CountOf(state), "1", "1");
  const Manifest next = LayeredManifest(CountOf(state), "1", "2");
  for (auto _ : state) benchmark::DoNotOptimize(PlanOf(&base, next));
  state.SetComplexityN(state.range(0));
}

void PlanOfNoChange(benchmark::State& state) {
  const Manifest base = LayeredManifest(CountOf(state), "1", "1");
  for (auto _ : state) benchmark::DoNotOptimize(PlanOf(&base, base));
  state.SetComplexityN(state.range(0));
}

void HashOfPlan(benchmark::State& state) {
  const Plan plan = PlanOf(nullptr, LayeredManifest(CountOf(state), "1", "1"));
  for (auto _ : state) benchmark::DoNotOptimize(PlanHash(plan));
  state.SetComplexityN(state.range(0));
}

void TextOfPlan(benchmark::State& state) {
  const Plan plan = PlanOf(nullptr, LayeredManifest(CountOf(state), "1", "1"));
  for (auto _ : state) benchmark::DoNotOptimize(PlanToText(plan));
  state.SetComplexityN(state.range(0));
}

void WayBack(benchmark::State& state) {
  const Manifest base = LayeredManifest(CountOf(state), "1", "1");
  const Plan plan = PlanOf(&base, LayeredManifest(CountOf(state), "2", "1"));
  const StepEffects effects(plan.items.size(), StepEffect::kPossible);
  for (auto _ : state) benchmark::DoNotOptimize(RollbackOf(plan, effects));
  state.SetComplexityN(state.range(0));
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  for (const int count : {1000, 2000, 5000, 10000}) benchmark->Arg(count);
  benchmark->Unit(benchmark::kMillisecond)->Complexity();
}

BENCHMARK(PlanInstall)->Apply(Sizes);
BENCHMARK(PlanUpgradeOfEverything)->Apply(Sizes);
BENCHMARK(PlanUpgradeOfOne)->Apply(Sizes);
BENCHMARK(PlanOfNoChange)->Apply(Sizes);
BENCHMARK(HashOfPlan)->Apply(Sizes);
BENCHMARK(TextOfPlan)->Apply(Sizes);
BENCHMARK(WayBack)->Apply(Sizes);

}  // namespace
}  // namespace eris
