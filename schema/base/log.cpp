#include "schema/base/log.h"

#include <type_traits>

namespace eris {
namespace {

bool IsPlain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

void AppendEscaped(std::string& line, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (byte == '"' || byte == '\\') {
    line += '\\';
    line += static_cast<char>(byte);
  } else if (byte == '\n') {
    line += "\\n";
  } else if (byte < 0x20 || byte == 0x7f) {
    line += "\\x";
    line += kDigits[byte >> 4];
    line += kDigits[byte & 0xf];
  } else {
    line += static_cast<char>(byte);
  }
}

void AppendText(std::string& line, std::string_view text) {
  if (IsPlain(text)) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) AppendEscaped(line, static_cast<unsigned char>(c));
  line += '"';
}

void AppendValue(std::string& line, const LogField::Value& value) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string_view>) {
          AppendText(line, v);
        } else if constexpr (std::is_same_v<T, bool>) {
          line += v ? "true" : "false";
        } else {
          line += std::to_string(v);
        }
      },
      value);
}

}  // namespace

void Log::Debug(std::string_view event, Fields fields) {
  WriteIfEnabled(LogLevel::kDebug, event, fields);
}
void Log::Info(std::string_view event, Fields fields) {
  WriteIfEnabled(LogLevel::kInfo, event, fields);
}
void Log::Warn(std::string_view event, Fields fields) {
  WriteIfEnabled(LogLevel::kWarn, event, fields);
}
void Log::Error(std::string_view event, Fields fields) {
  WriteIfEnabled(LogLevel::kError, event, fields);
}

void Log::WriteIfEnabled(LogLevel level, std::string_view event, Fields fields) {
  if (Enabled(level)) Write(level, event, std::span(fields.begin(), fields.size()));
}

std::string_view ToString(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string FormatLogLine(std::string_view event, std::span<const LogField> fields) {
  std::string line(event);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key();
    line += '=';
    AppendValue(line, field.value());
  }
  return line;
}

}  // namespace eris
