#include "dysnomia/internal/records.h"

#include <charconv>

namespace eris::dysnomia {

void RecordWriter::Put(std::string_view key, std::string_view value) {
  text_.append(key).append(" ").append(std::to_string(value.size())).append(":");
  text_.append(value).append("\n");
}

std::string RecordWriter::Take() && {
  Put("end", std::string_view{});
  return std::move(text_);
}

Status RecordReader::Expect(std::string_view magic) {
  ERIS_ASSIGN(const Record first, Next());
  if (first.key == magic) return {};
  return Fail(ErrorCode::kCorrupt, "begins with '" + std::string(first.key.substr(0, 40)) +
                                       "' where '" + std::string(magic) + "' belongs");
}

Result<Record> RecordReader::Next() {
  const auto cut_off = [] { return Fail(ErrorCode::kCorrupt, "a record is cut off or malformed"); };
  const std::size_t blank = rest_.find(' ');
  if (blank == 0 || blank == std::string_view::npos) return cut_off();
  const std::size_t colon = rest_.find(':', blank);
  if (colon == std::string_view::npos) return cut_off();
  const auto length = ParseInteger(rest_.substr(blank + 1, colon - blank - 1));
  if (!length || *length < 0) return cut_off();
  const std::size_t size = static_cast<std::size_t>(*length);
  const std::string_view after = rest_.substr(colon + 1);
  if (after.size() <= size || after[size] != '\n') return cut_off();
  const Record record{rest_.substr(0, blank), after.substr(0, size)};
  rest_ = after.substr(size + 1);
  if (record.key == "end" && !rest_.empty()) {
    return Fail(ErrorCode::kCorrupt, "something follows the last record");
  }
  return record;
}

Result<std::int64_t> ParseInteger(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kInvalid, "'" + std::string(text.substr(0, 40)) + "' is not a number");
  }
  return value;
}

}  // namespace eris::dysnomia
