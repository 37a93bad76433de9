// libFuzzer's way in: fuzzer --target=NAME (of targets.h) OPTIONS-OF-LIBFUZZER... CORPUS...
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.h"

extern "C" void ErisStartCounting();  // coverage.cpp

namespace {

const eris::fuzz::Target* chosen = nullptr;  // NOLINT: libFuzzer hands nothing on

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kOption = "--target=";
  for (int i = 1; i < *argc; ++i) {
    std::string_view word((*argv)[i]);
    if (!word.starts_with(kOption)) continue;
    word.remove_prefix(kOption.size());
    for (const eris::fuzz::Target& target : eris::fuzz::kTargets) {
      if (target.name == word) chosen = &target;
    }
  }
  if (chosen == nullptr) {
    std::fputs("fuzzer: --target=NAME must name a target of tests/fuzz/targets.h\n", stderr);
    std::exit(EXIT_FAILURE);
  }
  ErisStartCounting();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
