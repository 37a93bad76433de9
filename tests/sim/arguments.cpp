#include "tests/sim/arguments.h"

#include <charconv>
#include <functional>
#include <map>
#include <sstream>
#include <string_view>

namespace eris::sim {
namespace {

std::optional<std::uint64_t> ToNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<FaultSet> ParseFaults(const std::string& names) {
  FaultSet faults;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    bool known = false;
    for (std::size_t fault = 0; fault < kFaults; ++fault) {
      if (NameOf(static_cast<Fault>(fault)) != name) continue;
      faults.set(fault);
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return faults;
}

using Take = std::function<bool(Arguments&, const std::string& value)>;

template <typename Set>
Take Number(Set set) {
  return [set](Arguments& arguments, const std::string& value) {
    const std::optional<std::uint64_t> number = ToNumber(value);
    if (number) set(arguments, *number);
    return number.has_value();
  };
}

template <typename Parse, typename Set>
Take Parsed(Parse parse, Set set) {
  return [parse, set](Arguments& arguments, const std::string& value) {
    const auto parsed = parse(value);
    if (parsed) set(arguments, *parsed);
    return parsed.has_value();
  };
}

const std::map<std::string, Take>& Options() {
  constexpr std::int64_t kMinute = 60'000;
  using A = Arguments;
  static const std::map<std::string, Take> kOptions = {
      {"--seed", Number([](A& a, std::uint64_t n) { a.campaign.first_seed = n; })},
      {"--count", Number([](A& a, std::uint64_t n) { a.campaign.count = n; })},
      {"--processes", Number([](A& a, std::uint64_t n) { a.campaign.processes = n > 0 ? n : 1; })},
      {"--minutes", Number([](A& a, std::uint64_t n) {
         a.campaign.at_most = Duration(static_cast<std::int64_t>(n) * kMinute);
         a.campaign.count = UINT64_MAX / 2;
       })},
      {"--orders", Number([](A& a, std::uint64_t n) { a.campaign.run.cuts.orders = n; })},
      {"--services", Number([](A& a, std::uint64_t n) { a.campaign.run.cuts.services = n; })},
      {"--scenario", Parsed(ParseFamily, [](A& a, Family f) { a.campaign.run.family = f; })},
      {"--plant", Parsed(ParsePlant, [](A& a, Plant p) { a.campaign.run.plant = p; })},
      {"--without", Parsed(ParseFaults, [](A& a, FaultSet f) { a.campaign.run.cuts.without = f; })},
      {"--regressions", [](A& a, const std::string& file) {
         a.regressions = file;
         return true;
       }}};
  return kOptions;
}

std::string Joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text.append(" ").append(name);
  return text + "\n";
}

}  // namespace

std::optional<Arguments> ParseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--trace") {
      arguments.print = Arguments::Print::kTrace;
      continue;
    }
    if (words[i] == "--hashes") {
      arguments.print = Arguments::Print::kHashes;
      continue;
    }
    const auto option = Options().find(words[i]);
    if (option == Options().end() || i + 1 == words.size()) return std::nullopt;
    if (!option->second(arguments, words[++i])) return std::nullopt;
  }
  return arguments;
}

std::string Usage() {
  std::string text =
      "usage: eris-sim [--seed N] [--count K | --minutes M] [--scenario NAME] [--plant NAME]\n"
      "                [--processes P] [--without FAULT,FAULT] [--orders N] [--services N]\n"
      "                [--regressions FILE] [--trace | --hashes]\n";
  text += "scenarios:" + Joined(FamilyNames()) + "plants:" + Joined(PlantNames());
  std::vector<std::string_view> faults;
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    faults.push_back(NameOf(static_cast<Fault>(fault)));
  }
  return text + "faults:" + Joined(faults);
}

}  // namespace eris::sim
