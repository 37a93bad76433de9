// Goal: nothing that ever made a fuzzer find a fault does so again, in any build. Method: every
// entry point over its corpus and over prefixes of it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "schema/base/files.h"
#include "tests/fuzz/targets.h"

namespace eris::fuzz {
namespace {

constexpr std::size_t kLargest = 1U << 20U;

std::vector<std::string> Corpus(std::string_view target) {
  std::vector<std::string> inputs;
  for (const auto& file : std::filesystem::directory_iterator(
           std::filesystem::path(ERIS_CORPUS_DIR) / std::string(target))) {
    const Result<std::string> input = ReadFile(file.path().string(), kLargest);
    if (input) inputs.push_back(*input);
  }
  return inputs;
}

TEST(FuzzCorpus, RunsThroughItsTarget) {
  for (const Target& home : kTargets) {
    const std::vector<std::string> inputs = Corpus(home.name);
    ASSERT_FALSE(inputs.empty()) << home.name;
    for (const std::string& input : inputs) home.run(input);
  }
}

TEST(FuzzCorpus, RunsThroughItsTargetCutShort) {
  for (const Target& target : kTargets) {
    for (const std::string& input : Corpus(target.name)) {
      for (std::size_t size = 0; size < std::min<std::size_t>(input.size(), 256); ++size) {
        target.run(std::string_view(input).substr(0, size));
      }
    }
  }
}

}  // namespace
}  // namespace eris::fuzz
