// Log: what libraries write their decisions to. One line a decision: an event name and key=value
// fields, never prose. Says nothing about where lines go: spdlog_log.h does. Never give it secrets.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace eris {

enum class LogLevel {
  kDebug,  // for developers
  kInfo,   // transitions of transactions and items
  kWarn,   // degraded but handled
  kError,  // a person must act
};

// One key=value. A view: valid as long as the strings it was made of, so only ever a temporary.
class LogField {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, bool>;

  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value)
      : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value) {}
  template <std::signed_integral T>
  LogField(std::string_view key, T value) : key_(key), value_(std::int64_t{value}) {}
  template <std::unsigned_integral T>
  LogField(std::string_view key, T value) : key_(key), value_(std::uint64_t{value}) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

// Owned by main, outlives all it is handed to. Used by one thread.
//   log.Info("item.started", {{"transaction", tx}, {"item", index}, {"target", name}});
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  virtual ~Log() = default;

  // Whether a line of this level goes anywhere: ask before computing expensive fields.
  virtual bool Enabled(LogLevel level) const = 0;
  virtual void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;

  void Debug(std::string_view event, Fields fields = {});
  void Info(std::string_view event, Fields fields = {});
  void Warn(std::string_view event, Fields fields = {});
  void Error(std::string_view event, Fields fields = {});

 private:
  void WriteIfEnabled(LogLevel level, std::string_view event, Fields fields);
};

// Swallows everything.
class NullLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return false; }
  void Write(LogLevel, std::string_view, std::span<const LogField>) override {}
};

std::string_view ToString(LogLevel level);

// `event key=value key="a value"`: values that hold spaces, quotes or control characters are quoted
// and escaped, so that a value can never forge a line or a field.
std::string FormatLogLine(std::string_view event, std::span<const LogField> fields);

}  // namespace eris
