#include "planner/models/nix_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "planner/models/nix_command.h"

namespace eris {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 64;

bool IsPlainName(std::string_view name) {
  constexpr std::array<std::string_view, 10> kKeywords = {"if",  "then", "else", "assert",  "with",
                                                          "let", "in",   "rec",  "inherit", "or"};
  const auto begins = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  const auto goes_on = [&](unsigned char c) {
    return begins(c) || std::isdigit(c) != 0 || c == '-' || c == '\'';
  };
  return !name.empty() && begins(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), goes_on) &&
         std::find(kKeywords.begin(), kKeywords.end(), name) == kKeywords.end();
}

class NixWriter {
 public:
  Status Write(const Json& value, int depth) {
    if (depth > kDeepest) return Fail(ErrorCode::kInvalid, "the value is nested too deeply");
    if (value.is_object()) return WriteObject(value, depth);
    if (value.is_array()) return WriteList(value, depth);
    text_ += Scalar(value);
    return {};
  }
  std::string Take() { return std::move(text_) + "\n"; }

 private:
  // A number below zero would be a subtraction in a list, and not every notation of a fraction is
  // one of Nix.
  static std::string Scalar(const Json& value) {
    if (value.is_string()) return NixString(value.get_ref<const std::string&>());
    if (value.is_number_float()) return "(builtins.fromJSON \"" + value.dump() + "\")";
    if (value.is_number_integer() && !value.is_number_unsigned() && value.get<std::int64_t>() < 0) {
      return "(" + value.dump() + ")";
    }
    return value.dump();
  }

  void Line(int depth) { text_ += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' '); }

  Status WriteObject(const Json& object, int depth) {
    if (object.empty()) {
      text_ += "{ }";
      return {};
    }
    text_ += "{";
    for (const auto& [name, value] : object.items()) {
      Line(depth + 1);
      text_ += (IsPlainName(name) ? name : NixString(name)) + " = ";
      ERIS_TRY(Write(value, depth + 1));
      text_ += ";";
    }
    Line(depth);
    text_ += "}";
    return {};
  }

  Status WriteList(const Json& list, int depth) {
    if (list.empty()) {
      text_ += "[ ]";
      return {};
    }
    text_ += "[";
    for (const Json& value : list) {
      Line(depth + 1);
      ERIS_TRY(Write(value, depth + 1));
    }
    Line(depth);
    text_ += "]";
    return {};
  }

  std::string text_;
};

}  // namespace

Result<std::string> NixFromJson(std::string_view json) {
  const Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded()) return Fail(ErrorCode::kInvalid, "the text is no JSON");
  NixWriter writer;
  ERIS_TRY(writer.Write(value, 0));
  return writer.Take();
}

}  // namespace eris
