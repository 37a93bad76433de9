// A TOML file as flat settings: "broker.listen" names key `listen` of table [broker]. The only
// place that includes toml++. What the settings mean is their readers' business.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "schema/base/error.h"

namespace eris {

// A value. Errors name the file and the key.
class Settings {
 public:
  // kNotFound when there is no such file, kInvalid with line and column when it is no TOML.
  static Result<Settings> Load(const std::string& path);
  // `origin` names the text in errors.
  static Result<Settings> Parse(std::string_view text, std::string origin);

  // kInvalid when the key is missing or of another type.
  Result<std::string> String(std::string_view key) const;
  Result<std::int64_t> Integer(std::string_view key) const;
  Result<std::vector<std::string>> Strings(std::string_view key) const;
  // The same with a default for a missing key.
  Result<std::string> StringOr(std::string_view key, std::string_view otherwise) const;
  Result<std::int64_t> IntegerOr(std::string_view key, std::int64_t otherwise) const;
  Result<bool> BooleanOr(std::string_view key, bool otherwise) const;
  Result<std::vector<std::string>> StringsOrNone(std::string_view key) const;

  bool Has(std::string_view key) const { return values_.contains(std::string(key)); }
  // kInvalid naming the first key that is not among these: a misspelt setting must not be ignored.
  Status RefuseOthers(std::span<const std::string_view> known) const;

 private:
  using Value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;
  template <typename T>
  Result<T> Get(std::string_view key, std::string_view type) const;

  std::string origin_;
  std::map<std::string, Value> values_;
};

// One line of TOML: KEY = VALUE, quoted as it must be.
std::string SettingLine(std::string_view key, std::string_view value);
std::string SettingLine(std::string_view key, std::int64_t value);
std::string SettingLine(std::string_view key, std::span<const std::string> values);

// What a daemon is called with: `PROGRAM --config FILE`, `--help` or `--version`; and what it knows
// beside these.
struct DaemonCall {
  std::string config;  // empty: print `answer` and end with success
  std::string answer;
  std::string verb;                                          // empty: run
  std::vector<std::pair<std::string, std::string>> options;  // in their order
};
struct DaemonWords {
  std::string_view verb;                      // the only one, such as "--take-over"; empty: none
  std::span<const std::string_view> options;  // each with a value
};
Result<DaemonCall> ParseDaemonCall(std::span<char* const> arguments, std::string_view help,
                                   const DaemonWords& words = {});

}  // namespace eris
