#include "planner/cli/generation_choice.h"

#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "schema/base/text.h"

namespace eris::cli {
namespace {

// "1 2" as one argument is two words.
std::vector<std::string> Words(std::span<const std::string> arguments) {
  std::vector<std::string> words;
  for (const std::string& argument : arguments) {
    for (const std::string_view word : Split(argument, ' ')) {
      if (!word.empty()) words.emplace_back(word);
    }
  }
  return words;
}

// Committed before this moment; the end of time for all of them. Nothing: the word means no age.
std::optional<WallTime> BeforeOf(std::string_view word, WallTime now) {
  if (word == "old" || word == "all") return WallTime{std::numeric_limits<std::int64_t>::max()};
  if (!word.ends_with('d')) return std::nullopt;
  constexpr std::uint64_t kMostDays = 1'000'000;
  constexpr std::int64_t kDay = 24 * 60 * 60 * std::int64_t{1000};
  const Result<std::uint64_t> days = ParseUnsigned(word.substr(0, word.size() - 1));
  if (!days || *days > kMostDays) return std::nullopt;
  return WallTime{now.ms - static_cast<std::int64_t>(*days) * kDay};
}

}  // namespace

Result<std::vector<GenerationNumber>> ChooseGenerations(std::span<const std::string> words,
                                                        std::span<const GenerationInfo> known,
                                                        WallTime now) {
  std::set<GenerationNumber> chosen;
  for (const std::string& word : Words(words)) {
    if (const Result<std::uint64_t> number = ParseUnsigned(word)) {
      chosen.insert({*number});
      continue;
    }
    const std::optional<WallTime> before = BeforeOf(word, now);
    if (!before) {
      return Fail(ErrorCode::kInvalid, "'" + word + "' names no generations",
                  "give numbers, an age in days like 30d, old, or all");
    }
    for (const GenerationInfo& info : known) {
      const bool is_current = info.standing == GenerationInfo::Standing::kCurrent;
      if (!is_current && info.committed_at < *before) chosen.insert(info.generation);
    }
  }
  return std::vector<GenerationNumber>(chosen.begin(), chosen.end());
}

}  // namespace eris::cli
