// eris-sim: runs simulated installations by seed and says what went wrong. See docs/SIMULATION.md.
#include <charconv>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/options.h"
#include "tests/sim/simulation.h"

namespace {

using eris::sim::Coverage;
using eris::sim::Plant;
using eris::sim::RunReport;

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t count = 200;
  Plant plant = Plant::kNone;
  bool trace = false;
  bool hashes = false;
};

std::optional<std::uint64_t> ToNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool TakeValue(Arguments& arguments, std::string_view option, std::string_view value) {
  if (option == "--plant") {
    const auto plant = eris::sim::ParsePlant(value);
    arguments.plant = plant.value_or(Plant::kNone);
    return plant.has_value();
  }
  const auto number = ToNumber(value);
  if (option == "--seed") arguments.seed = number.value_or(0);
  if (option == "--count") arguments.count = number.value_or(0);
  return number && (option == "--seed" || option == "--count");
}

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--trace") {
      arguments.trace = true;
    } else if (option == "--hashes") {
      arguments.hashes = true;
    } else if (i + 1 == argc || !TakeValue(arguments, option, argv[++i])) {
      return std::nullopt;
    }
  }
  return arguments;
}

void PrintFailure(const RunReport& report, const Arguments& arguments) {
  std::cout << "seed " << report.seed << " failed:\n";
  for (const std::string& violation : report.violations) std::cout << "  " << violation << "\n";
  std::cout << "  again: scripts/sim --seed " << report.seed << " --count 1 --trace";
  if (arguments.plant != Plant::kNone) {
    std::cout << " --plant " << eris::sim::PlantNames()[static_cast<std::size_t>(arguments.plant)];
  }
  std::cout << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << "usage: eris-sim [--seed N] [--count K] [--plant NAME] [--trace] [--hashes]\n"
                 "plants:";
    for (const std::string_view name : eris::sim::PlantNames()) std::cerr << " " << name;
    std::cerr << "\n";
    return 2;
  }
  std::uint64_t failed = 0;
  Coverage coverage;
  for (std::uint64_t i = 0; i < arguments->count; ++i) {
    eris::sim::RunOptions options{
        .seed = arguments->seed + i, .plant = arguments->plant, .trace = {}};
    if (arguments->trace)
      options.trace = [](const std::string& line) { std::cerr << line << "\n"; };
    const RunReport report = eris::sim::Simulate(options);
    if (arguments->hashes)
      std::cout << report.seed << " " << std::hex << report.hash << std::dec << "\n";
    for (const auto& [what, times] : report.coverage) coverage[what] += times;
    if (report.violations.empty()) continue;
    ++failed;
    PrintFailure(report, *arguments);
  }
  for (const auto& [what, times] : coverage) std::cout << what << ": " << times << "\n";
  std::cout << arguments->count << " runs, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
