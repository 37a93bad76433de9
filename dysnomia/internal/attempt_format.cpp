#include "dysnomia/internal/attempt_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dysnomia/internal/records.h"
#include "dysnomia/secrets.h"

namespace eris::dysnomia {
namespace {

constexpr std::string_view kRequestMagic = "eris-attempt-request-1";
constexpr std::string_view kOutcomeMagic = "eris-attempt-outcome-1";

constexpr std::array<std::pair<ActivityResult, std::string_view>, 6> kResults{{
    {ActivityResult::kSucceeded, "succeeded"},
    {ActivityResult::kFailed, "failed"},
    {ActivityResult::kUnimplemented, "unimplemented"},
    {ActivityResult::kTimedOut, "timed-out"},
    {ActivityResult::kStopped, "stopped"},
    {ActivityResult::kNotStarted, "not-started"},
}};
constexpr std::array<std::pair<ComponentStatus, std::string_view>, 3> kStatuses{{
    {ComponentStatus::kUnknown, "unknown"},
    {ComponentStatus::kActive, "active"},
    {ComponentStatus::kInactive, "inactive"},
}};

template <typename Table, typename Value>
std::string_view WordOf(const Table& table, Value value) {
  const auto entry = std::find_if(table.begin(), table.end(),
                                  [&](const auto& candidate) { return candidate.first == value; });
  return entry == table.end() ? std::string_view{} : entry->second;
}

template <typename Table>
auto ValueOf(const Table& table, std::string_view word) -> Result<decltype(table.front().first)> {
  const auto entry = std::find_if(table.begin(), table.end(),
                                  [&](const auto& candidate) { return candidate.second == word; });
  if (entry != table.end()) return entry->first;
  return Fail(ErrorCode::kCorrupt, "unknown word '" + std::string(word.substr(0, 40)) + "'");
}

bool IsVariableName(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Status CheckActivity(const ActivityRequest& activity) {
  const auto invalid = [&](std::string what) {
    return Fail(ErrorCode::kInvalid, "activity " + std::string(ModuleWord(activity.kind)) + " of " +
                                         activity.component + ": " + std::move(what));
  };
  if (activity.kind == ActivityKind::kShell) return invalid("a shell is for people");
  if (activity.module.empty()) return invalid("names no module");
  if (activity.container.empty()) return invalid("names no container");
  if (!std::filesystem::path(activity.component).is_absolute()) {
    return invalid("the component is no absolute path");
  }
  for (const auto& [name, value] : activity.properties) {
    if (!IsVariableName(name)) return invalid("property '" + name + "' cannot be a variable");
    if (const auto* secret = std::get_if<SecretName>(&value)) {
      if (!IsSafeSecretName(secret->name)) return invalid("unsafe secret '" + secret->name + "'");
    } else if (std::get<std::string>(value).find('\0') != std::string::npos) {
      return invalid("property '" + name + "' holds a zero byte");
    }
  }
  return {};
}

// Assigns the fields of the request, one record each; "activity" begins the next one.
class RequestBuilder {
 public:
  Status Add(const Record& record) {
    const std::string value(record.value);
    if (record.key == "time-limit-ms") return SetDuration(request_.time_limit, record.value);
    if (record.key == "kill-grace-ms") return SetDuration(request_.kill_grace, record.value);
    if (record.key == "state-dir") return Set(request_.state_dir, value);
    if (record.key == "secrets-dir") return Set(request_.secrets_dir, value);
    if (record.key == "activity") return AddActivity(record.value);
    if (request_.activities.empty()) return Unknown(record);
    ActivityRequest& activity = request_.activities.back();
    if (record.key == "module") return Set(activity.module, value);
    if (record.key == "component") return Set(activity.component, value);
    if (record.key == "container") return Set(activity.container, value);
    if (record.key == "property") return Set(property_, value);
    if (record.key == "value") return Set(activity.properties[property_], value);
    if (record.key == "secret") return Set(activity.properties[property_], SecretName{value});
    return Unknown(record);
  }
  AttemptRequest Take() && { return std::move(request_); }

 private:
  template <typename Field, typename Value>
  static Status Set(Field& field, Value value) {
    field = std::move(value);
    return {};
  }
  static Status SetDuration(Duration& field, std::string_view text) {
    ERIS_ASSIGN(const std::int64_t ms, ParseInteger(text));
    field = Duration(ms);
    return {};
  }
  static Status Unknown(const Record& record) {
    return Fail(ErrorCode::kCorrupt, "unknown field '" + std::string(record.key) + "'");
  }
  Status AddActivity(std::string_view word) {
    const auto kind = ParseActivityKind(word);
    if (!kind) return Fail(ErrorCode::kCorrupt, "unknown activity '" + std::string(word) + "'");
    request_.activities.emplace_back().kind = *kind;
    return {};
  }

  AttemptRequest request_;
  std::string property_;
};

}  // namespace

Status CheckRequest(const AttemptRequest& request) {
  if (request.activities.empty() || request.activities.size() > kMaxActivities) {
    return Fail(ErrorCode::kInvalid, "an attempt has 1 to " + std::to_string(kMaxActivities) +
                                         " activities, not " +
                                         std::to_string(request.activities.size()));
  }
  if (!request.state_dir.is_absolute()) {
    return Fail(ErrorCode::kInvalid,
                "the state directory '" + request.state_dir.string() + "' is no absolute path");
  }
  for (const ActivityRequest& activity : request.activities) ERIS_TRY(CheckActivity(activity));
  return {};
}

std::string EncodeRequest(const AttemptRequest& request) {
  RecordWriter out(kRequestMagic);
  out.Put("time-limit-ms", request.time_limit.count());
  out.Put("kill-grace-ms", request.kill_grace.count());
  out.Put("state-dir", request.state_dir.native());
  out.Put("secrets-dir", request.secrets_dir.native());
  for (const ActivityRequest& activity : request.activities) {
    out.Put("activity", ModuleWord(activity.kind));
    out.Put("module", activity.module);
    out.Put("component", activity.component);
    out.Put("container", activity.container);
    for (const auto& [name, value] : activity.properties) {
      out.Put("property", name);
      const auto* secret = std::get_if<SecretName>(&value);
      if (secret != nullptr) {
        out.Put("secret", secret->name);
      } else {
        out.Put("value", std::get<std::string>(value));
      }
    }
  }
  return std::move(out).Take();
}

Result<AttemptRequest> DecodeRequest(std::string_view text) {
  RecordReader in(text);
  ERIS_TRY(in.Expect(kRequestMagic));
  RequestBuilder builder;
  for (;;) {
    ERIS_ASSIGN(const Record record, in.Next());
    if (record.key == "end") break;
    ERIS_TRY(builder.Add(record));
  }
  AttemptRequest request = std::move(builder).Take();
  ERIS_TRY(CheckRequest(request));
  return request;
}

std::string EncodeOutcome(const NamedOutcome& named) {
  RecordWriter out(kOutcomeMagic);
  out.Put("attempt", named.attempt);
  for (const ActivityOutcome& activity : named.outcome.activities) {
    out.Put("result", WordOf(kResults, activity.result));
    out.Put("exit-status", activity.exit_status);
    out.Put("status", WordOf(kStatuses, activity.status));
    out.Put("message", activity.message);
    out.Put("tail", activity.tail);
  }
  return std::move(out).Take();
}

Result<NamedOutcome> DecodeOutcome(std::string_view text) {
  RecordReader in(text);
  ERIS_TRY(in.Expect(kOutcomeMagic));
  NamedOutcome named;
  AttemptOutcome& outcome = named.outcome;
  for (;;) {
    ERIS_ASSIGN(const Record record, in.Next());
    if (record.key == "end") return named;
    if (record.key == "attempt") {
      named.attempt = record.value;
      continue;
    }
    if (record.key == "result") {
      ERIS_ASSIGN(const ActivityResult result, ValueOf(kResults, record.value));
      outcome.activities.emplace_back().result = result;
      continue;
    }
    if (outcome.activities.empty()) return Fail(ErrorCode::kCorrupt, "a field before its activity");
    ActivityOutcome& activity = outcome.activities.back();
    if (record.key == "exit-status") {
      ERIS_ASSIGN(const std::int64_t status, ParseInteger(record.value));
      activity.exit_status = static_cast<int>(status);
    } else if (record.key == "status") {
      ERIS_ASSIGN(activity.status, ValueOf(kStatuses, record.value));
    } else if (record.key == "message") {
      activity.message = record.value;
    } else if (record.key == "tail") {
      activity.tail = record.value;
    } else {
      return Fail(ErrorCode::kCorrupt, "unknown field '" + std::string(record.key) + "'");
    }
  }
}

}  // namespace eris::dysnomia
