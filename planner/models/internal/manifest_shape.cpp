#include "planner/models/internal/manifest_shape.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eris {
namespace {

using Json = nlohmann::json;

// Whether lists and objects nest deeper than any manifest.
bool IsTooDeep(std::string_view json) {
  constexpr int kMaxDepth = 200;
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text && (c == '{' || c == '[')) {
      if (++depth > kMaxDepth) return true;
    } else if (!in_text && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return false;
}

// Listens to the parser: it keeps the last of two members of one name.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(Findings& findings) : findings_(findings) {}

  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) objects_.emplace_back();
    if (event == Json::parse_event_t::object_end) objects_.pop_back();
    if (event == Json::parse_event_t::key) OnKey(parsed.get<std::string>());
    return true;
  }

 private:
  struct Object {
    std::set<std::string> members;
    std::string current;
  };

  void OnKey(std::string name) {
    Object& object = objects_.back();
    object.current = std::move(name);
    if (object.members.insert(object.current).second) return;
    std::string path;
    for (const Object& one : objects_) path += (path.empty() ? "" : ".") + one.current;
    findings_.push_back({"deployment", path, {}, "it is there twice", "take one of them out"});
  }

  Findings& findings_;
  std::vector<Object> objects_;
};

enum class Kind : std::uint8_t { kText, kFlag, kCount, kList, kObject };
enum class Need : std::uint8_t { kOptional, kMandatory };
struct Member {
  const char* name;
  Kind kind;
  Need need = Need::kOptional;
};

constexpr std::array kRoot = {Member{"infrastructure", Kind::kObject, Need::kMandatory},
                              Member{"services", Kind::kObject},
                              Member{"serviceMappings", Kind::kList},
                              Member{"snapshotMappings", Kind::kList},
                              Member{"profiles", Kind::kObject},
                              Member{"profileOrigins", Kind::kObject}};
constexpr std::array kTarget = {
    Member{"system", Kind::kText}, Member{"targetProperty", Kind::kText},
    Member{"clientInterface", Kind::kText}, Member{"properties", Kind::kObject},
    Member{"containers", Kind::kObject}};
constexpr std::array kService = {Member{"name", Kind::kText, Need::kMandatory},
                                 Member{"type", Kind::kText, Need::kMandatory},
                                 Member{"pkg", Kind::kText, Need::kMandatory},
                                 Member{"derivation", Kind::kText},
                                 Member{"system", Kind::kText},
                                 Member{"deployState", Kind::kFlag},
                                 Member{"stateUndo", Kind::kFlag},
                                 Member{"deadlineMs", Kind::kCount},
                                 Member{"dependsOn", Kind::kList},
                                 Member{"activatesAfter", Kind::kList},
                                 Member{"connectsTo", Kind::kList},
                                 Member{"providesContainers", Kind::kObject}};
constexpr std::array kMapping = {Member{"service", Kind::kText, Need::kMandatory},
                                 Member{"target", Kind::kText, Need::kMandatory},
                                 Member{"container", Kind::kText, Need::kMandatory},
                                 Member{"digest", Kind::kText},
                                 Member{"containerProvidedByService", Kind::kText}};
constexpr std::array kSnapshotMapping = {Member{"service", Kind::kText, Need::kMandatory},
                                         Member{"target", Kind::kText, Need::kMandatory},
                                         Member{"container", Kind::kText, Need::kMandatory},
                                         Member{"component", Kind::kText, Need::kMandatory}};
constexpr std::array kOrigin = {Member{"derivation", Kind::kText}, Member{"digest", Kind::kText}};

bool IsOf(Kind kind, const Json& value) {
  switch (kind) {
    case Kind::kText:
      return value.is_string();
    case Kind::kFlag:
      return value.is_boolean();
    case Kind::kCount:
      return value.is_number_integer() && value >= 1;
    case Kind::kList:
      return value.is_array();
    case Kind::kObject:
      return value.is_object();
  }
  return false;
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a text";
    case Kind::kFlag:
      return "true or false";
    case Kind::kCount:
      return "a number from 1 on";
    case Kind::kList:
      return "a list";
    case Kind::kObject:
      return "an object";
  }
  return "";
}

std::string Example(Kind kind) {
  constexpr std::array<const char*, 5> kExamples = {"\"…\"", "true", "1", "[ … ]", "{ … }"};
  return kExamples.at(static_cast<std::size_t>(kind));
}

std::string Show(const Json& value) {
  constexpr std::size_t kMost = 60;
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > kMost ? "a long text" : text;
}

class ShapeJudge {
 public:
  Findings Check(const Json& json) {
    if (!CheckMembers(json, "", kRoot)) return std::move(findings_);
    ForEach(json, "infrastructure", [this](const Json& target, const std::string& path) {
      CheckMembers(target, path, kTarget);
      CheckContainers(target, path, "containers");
    });
    ForEach(json, "services", [this](const Json& service, const std::string& path) {
      CheckMembers(service, path, kService);
      CheckContainers(service, path, "providesContainers");
      for (const char* links : {"dependsOn", "activatesAfter", "connectsTo"}) {
        ForEach(
            service, links,
            [this](const Json& link, const std::string& where) {
              CheckMembers(link, where, std::span(kMapping).first<3>());
            },
            path);
      }
    });
    ForEach(json, "serviceMappings", [this](const Json& mapping, const std::string& path) {
      CheckMembers(mapping, path, kMapping);
    });
    ForEach(json, "snapshotMappings", [this](const Json& mapping, const std::string& path) {
      CheckMembers(mapping, path, kSnapshotMapping);
    });
    ForEach(json, "profiles", [this](const Json& profile, const std::string& path) {
      CheckKind(profile, path, Kind::kText);
    });
    ForEach(json, "profileOrigins", [this](const Json& origin, const std::string& path) {
      CheckMembers(origin, path, kOrigin);
    });
    return std::move(findings_);
  }

 private:
  void Report(const std::string& path, std::string message, std::string fix) {
    findings_.push_back({"deployment", path, {}, std::move(message), std::move(fix)});
  }

  bool CheckKind(const Json& value, const std::string& path, Kind kind) {
    if (IsOf(kind, value)) return true;
    Report(path, "it is " + Show(value) + ", not " + NameOf(kind), "write " + Example(kind));
    return false;
  }

  // False when the value is no object at all.
  bool CheckMembers(const Json& value, const std::string& path, std::span<const Member> members) {
    if (!CheckKind(value, path, Kind::kObject)) return false;
    for (const Member& member : members) {
      const auto found = value.find(member.name);
      if (found != value.end()) {
        CheckKind(*found, Below(path, member.name), member.kind);
      } else if (member.need == Need::kMandatory) {
        Report(path, "there is no `" + std::string(member.name) + "`",
               "add \"" + std::string(member.name) + "\": " + Example(member.kind));
      }
    }
    return true;
  }

  static std::string Below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  // The elements of a list or the members of an object; none where it is of a wrong type.
  template <typename Visit>
  void ForEach(const Json& value, const char* member, Visit visit, const std::string& path = {}) {
    if (!value.is_object() || !value.contains(member) || !value.at(member).is_structured()) return;
    for (const auto& [name, element] : value.at(member).items()) {
      visit(element, Below(Below(path, member), name));
    }
  }

  void CheckContainers(const Json& value, const std::string& path, const char* member) {
    ForEach(
        value, member,
        [this](const Json& container, const std::string& where) {
          CheckKind(container, where, Kind::kObject);
        },
        path);
  }

  Findings findings_;
};

}  // namespace

Result<Json> ParseManifestJson(std::string_view text, Findings& findings) {
  constexpr const char* kFix = "give a manifest as `eris manifest --json` prints it";
  if (IsTooDeep(text)) return Fail(ErrorCode::kInvalid, "not a manifest: nested too deep", kFix);
  try {
    return Json::parse(text, DuplicateFinder(findings));
  } catch (const Json::exception& e) {
    return Fail(ErrorCode::kInvalid, std::string("not a manifest: ") + e.what(), kFix);
  }
}

Findings CheckShape(const Json& json) { return ShapeJudge().Check(json); }

}  // namespace eris
