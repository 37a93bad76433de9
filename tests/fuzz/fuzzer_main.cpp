// libFuzzer's way in. Which target: the program's name, `fuzz_NAME`.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const eris::fuzz::Target& target : eris::fuzz::kTargets) {
    if (target.name == std::string_view(ERIS_FUZZ_TARGET)) target.run(input);
  }
  return 0;
}
