#include "state/settings.h"

#include <algorithm>
#include <sstream>
#include <utility>

// Header only: Debian builds the library with exceptions. Without them version 3.3 asserts that a
// table header begins with a key ("[=" does not), and gives an error right after.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

#include "schema/base/files.h"

namespace eris {
namespace {

constexpr std::size_t kMaxSettingsBytes = std::size_t{1} << 20;

std::string Quoted(std::string_view text) {
  std::ostringstream out;
  out << toml::toml_formatter(toml::value<std::string>(std::string(text)));
  return out.str();
}

// Nothing when one of them is something else.
std::optional<std::vector<std::string>> StringsOf(const toml::array& array) {
  std::vector<std::string> strings;
  for (const toml::node& element : array) {
    const auto* string = element.as_string();
    if (string == nullptr) return std::nullopt;
    strings.push_back(string->get());
  }
  return strings;
}

}  // namespace

Result<Settings> Settings::Load(const std::string& path) {
  ERIS_ASSIGN(const std::string text, ReadFile(path, kMaxSettingsBytes));
  return Parse(text, path);
}

Result<Settings> Settings::Parse(std::string_view text, std::string origin) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    return Fail(ErrorCode::kInvalid, origin + ":" + std::to_string(at.line) + ":" +
                                         std::to_string(at.column) + ": " +
                                         std::string(parsed.error().description()));
  }
  Settings settings;
  settings.origin_ = std::move(origin);
  // Tables within tables, without recursion: a list of what is still to be read.
  std::vector<std::pair<std::string, const toml::table*>> open = {{"", &parsed.table()}};
  while (!open.empty()) {
    const auto [prefix, table] = open.back();
    open.pop_back();
    for (const auto& [key, node] : *table) {
      const std::string name = prefix + std::string(key.str());
      if (const toml::table* inner = node.as_table()) {
        open.emplace_back(name + ".", inner);
      } else if (const auto* string = node.as_string()) {
        settings.values_[name] = string->get();
      } else if (const auto* integer = node.as_integer()) {
        settings.values_[name] = integer->get();
      } else if (const auto* boolean = node.as_boolean()) {
        settings.values_[name] = boolean->get();
      } else if (const toml::array* array = node.as_array()) {
        std::optional<std::vector<std::string>> strings = StringsOf(*array);
        if (!strings) {
          return Fail(ErrorCode::kInvalid, settings.origin_ + ": " + name + " must list strings");
        }
        settings.values_[name] = *std::move(strings);
      } else {
        return Fail(ErrorCode::kInvalid,
                    settings.origin_ + ": " + name + " has no type known here");
      }
    }
  }
  return settings;
}

template <typename T>
Result<T> Settings::Get(std::string_view key, std::string_view type) const {
  const auto found = values_.find(std::string(key));
  if (found == values_.end()) {
    return Fail(ErrorCode::kInvalid, origin_ + ": " + std::string(key) + " is missing");
  }
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  return Fail(ErrorCode::kInvalid,
              origin_ + ": " + std::string(key) + " must be " + std::string(type));
}

Result<std::string> Settings::String(std::string_view key) const {
  return Get<std::string>(key, "a string");
}
Result<std::int64_t> Settings::Integer(std::string_view key) const {
  return Get<std::int64_t>(key, "an integer");
}
Result<std::vector<std::string>> Settings::Strings(std::string_view key) const {
  return Get<std::vector<std::string>>(key, "a list of strings");
}
Result<std::string> Settings::StringOr(std::string_view key, std::string_view otherwise) const {
  return Has(key) ? String(key) : std::string(otherwise);
}
Result<bool> Settings::BooleanOr(std::string_view key, bool otherwise) const {
  if (!Has(key)) return otherwise;
  return Get<bool>(key, "true or false");
}

Result<std::int64_t> Settings::IntegerOr(std::string_view key, std::int64_t otherwise) const {
  return Has(key) ? Integer(key) : otherwise;
}
Result<std::vector<std::string>> Settings::StringsOrNone(std::string_view key) const {
  return Has(key) ? Strings(key) : std::vector<std::string>();
}

Status Settings::RefuseOthers(std::span<const std::string_view> known) const {
  for (const auto& [key, value] : values_) {
    bool found = false;
    for (const std::string_view one : known) found = found || one == key;
    if (!found) {
      return Fail(ErrorCode::kInvalid, origin_ + ": unknown setting " + key,
                  "remove it, or look for a misspelling");
    }
  }
  return {};
}

std::string SettingLine(std::string_view key, std::string_view value) {
  return std::string(key) + " = " + Quoted(value) + "\n";
}
std::string SettingLine(std::string_view key, std::int64_t value) {
  return std::string(key) + " = " + std::to_string(value) + "\n";
}
std::string SettingLine(std::string_view key, std::span<const std::string> values) {
  std::string line = std::string(key) + " = [";
  for (const std::string& value : values) line += (line.back() == '[' ? "" : ", ") + Quoted(value);
  return line + "]\n";
}

Result<DaemonCall> ParseDaemonCall(std::span<char* const> arguments, std::string_view help,
                                   const DaemonWords& words) {
  DaemonCall call;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") return DaemonCall{.answer = std::string(help)};
    if (argument == "--version") return DaemonCall{.answer = std::string(ERIS_VERSION) + "\n"};
    if (!words.verb.empty() && argument == words.verb) {
      call.verb = argument;
      continue;
    }
    const bool is_option =
        std::find(words.options.begin(), words.options.end(), argument) != words.options.end();
    if ((argument != "--config" && !is_option) || i + 1 == arguments.size()) {
      return Fail(ErrorCode::kInvalid, "unknown argument " + std::string(argument), "try --help");
    }
    ++i;
    if (is_option) {
      call.options.emplace_back(argument, arguments[i]);
    } else {
      call.config = arguments[i];
    }
  }
  if (!call.config.empty()) return call;
  return Fail(ErrorCode::kInvalid, "no configuration given", "call it with --config FILE");
}

}  // namespace eris
