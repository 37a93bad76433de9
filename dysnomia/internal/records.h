// The text form of what worker and runner tell each other: a sequence of records `KEY
// LENGTH:BYTES\n`, first the magic word, last `end 0:`. Lengths make every byte legal in a value;
// the last record shows that nothing was cut off; a person can read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/base/error.h"

namespace eris::dysnomia {

class RecordWriter {
 public:
  explicit RecordWriter(std::string_view magic) { Put(magic, std::string_view{}); }
  void Put(std::string_view key, std::string_view value);
  void Put(std::string_view key, std::int64_t value) { Put(key, std::to_string(value)); }
  // Ends the sequence.
  std::string Take() &&;

 private:
  std::string text_;
};

struct Record {
  std::string_view key;  // both into the text that the reader was made of
  std::string_view value;
};

class RecordReader {
 public:
  // The text outlives the reader.
  explicit RecordReader(std::string_view text) : rest_(text) {}
  // kCorrupt unless the text begins with this magic word.
  Status Expect(std::string_view magic);
  // The record with key "end" is the last one; kCorrupt when the text ends before it or goes on
  // after it.
  Result<Record> Next();

 private:
  std::string_view rest_;
};

Result<std::int64_t> ParseInteger(std::string_view text);

}  // namespace eris::dysnomia
