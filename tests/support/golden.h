// Compares a text with a file of the test's folder below tests/golden (ERIS_GOLDEN_DIR);
// ERIS_UPDATE_GOLDEN=1 writes the file.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "schema/base/files.h"

namespace eris::testing {

inline void ExpectGolden(const std::string& name, const std::string& text) {
  constexpr std::size_t kLimit = 1024 * 1024;
  const std::string path = std::string(ERIS_GOLDEN_DIR) + "/" + name;
  if (std::getenv("ERIS_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, text, 0644));
  }
  const Result<std::string> golden = ReadFile(path, kLimit);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(*golden, text);
}

}  // namespace eris::testing
