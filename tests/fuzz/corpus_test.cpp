// Goal: nothing that ever made a fuzzer find a fault does so again, in any build. Method: every
// entry point over its corpus, prefixes of it and some thousand mutations of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
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

// Bits flipped, bytes repeated, left out and taken from another input; the same ones each time.
std::string Mutated(std::mt19937& random, const std::vector<std::string>& inputs) {
  std::string input = inputs[random() % inputs.size()];
  for (std::uint32_t changes = 1 + random() % 4; changes > 0 && !input.empty(); --changes) {
    const std::size_t at = random() % input.size();
    const std::size_t length = 1 + random() % 16;
    const std::string& other = inputs[random() % inputs.size()];
    switch (random() % 4) {
      case 0:
        input[at] = static_cast<char>(static_cast<unsigned char>(input[at]) ^ (1U << random() % 8));
        break;
      case 1:
        input.insert(at, input.substr(at, length));
        break;
      case 2:
        input.erase(at, length);
        break;
      default:
        input.replace(at, length, other.substr(std::min(at, other.size()), length));
    }
  }
  return input;
}

TEST(FuzzCorpus, RunsThroughItsTargetMutated) {
  constexpr int kInputs = 500;
  for (const Target& target : kTargets) {
    const std::vector<std::string> inputs = Corpus(target.name);
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same inputs each time
    for (int i = 0; i < kInputs; ++i) target.run(Mutated(random, inputs));
  }
}

}  // namespace
}  // namespace eris::fuzz
