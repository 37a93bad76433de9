// Goal: bytes written by any version stay readable and mean the same. Method: the encoding of every
// sample is compared with a file in tests/golden/wire, and the file is decoded;
// ERIS_UPDATE_GOLDEN=1 writes files that are missing or differ. A difference in a file that was
// released is a change of the protocol.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/text.h"
#include "tests/unit/codec/samples.h"

namespace eris {
namespace {

constexpr std::size_t kWordBytes = 8;
constexpr std::size_t kFileLimit = 1024 * 1024;

// One word a line, so that a difference can be read.
std::string ToLines(std::string_view bytes) {
  std::string lines;
  for (std::size_t i = 0; i < bytes.size(); i += kWordBytes) {
    lines += Hex(bytes.substr(i, kWordBytes)) + "\n";
  }
  return lines;
}
Result<std::string> FromLines(std::string_view lines) {
  std::string digits;
  for (const std::string_view line : Split(lines, '\n')) digits += line;
  return FromHex(digits);
}

TEST(GoldenBytes, AreWrittenAndRead) {
  const bool update = std::getenv("ERIS_UPDATE_GOLDEN") != nullptr;
  for (const samples::Coded& sample : samples::AllCoded()) {
    SCOPED_TRACE(sample.name);
    const std::string path = std::string(ERIS_GOLDEN_DIR) + "/" + sample.name + ".hex";
    const std::string lines = ToLines(sample.bytes);
    if (update) {
      ASSERT_TRUE(WriteFileAtomically(path, lines, 0644));
    }
    const Result<std::string> golden = ReadFile(path, kFileLimit);
    ASSERT_TRUE(golden) << golden.error().message;
    EXPECT_TRUE(*golden == lines) << "the encoding has changed";
    const Result<std::string> bytes = FromLines(*golden);
    ASSERT_TRUE(bytes);
    const Result<std::string> recoded = sample.recode(*bytes);
    ASSERT_TRUE(recoded) << recoded.error().message;
    EXPECT_TRUE(*recoded == sample.bytes) << "the file means something else now";
  }
}

}  // namespace
}  // namespace eris
