#include "worker/offer.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "dysnomia/container_file.h"
#include "dysnomia/module.h"
#include "dysnomia/module_finder.h"
#include "schema/base/files.h"
#include "schema/base/text.h"

namespace eris {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = std::size_t{1} << 20;
// What services of these need is in themselves.
constexpr std::array<std::string_view, 4> kWithoutServer = {"echo", "fileset", "process",
                                                            "wrapper"};

// JSON without a library: what is needed for one string.
std::string JsonString(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr unsigned kNibble = 4;
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (byte < ' ') {
      json += std::string("\\u00") + kDigits[byte >> kNibble] + kDigits[byte & 0xf];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

Property PlainProperty(const std::string& name, const std::string& value) {
  return {.name = name, .kind = Property::Kind::kText, .text = value, .json = JsonString(value)};
}

Property PropertyOf(const std::string& name, const std::string& value, const std::string& prefix) {
  if (value.empty() || !LooksLikePassword(name)) return PlainProperty(name, value);
  const std::string secret = prefix + name;
  return {.name = name,
          .kind = Property::Kind::kSecret,
          .text = secret,
          .json = "{\"_secret\":" + JsonString(secret) + "}"};
}

Result<dysnomia::Assignments> ReadAssignments(const fs::path& file) {
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMostFileBytes));
  auto assignments = dysnomia::ParseAssignments(text);
  if (!assignments) return Fail(std::move(assignments).error().In(file.string()));
  return assignments;
}

// Names of the files of a folder; none when it is not there.
std::vector<fs::path> FilesOf(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && fs::is_regular_file(entry.path(), error)) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Status AddContainers(const OfferSources& sources, OfferReport& offer) {
  for (const fs::path& folder : sources.containers_path) {
    for (const fs::path& file : FilesOf(folder)) {
      const auto [entry, is_new] =
          offer.containers.try_emplace(ContainerName(file.filename().string()));
      if (!is_new) continue;
      ERIS_ASSIGN(const dysnomia::Assignments assignments, ReadAssignments(file));
      for (const auto& [name, value] : assignments) {
        if (name == "type") continue;  // the service says that
        entry->second.push_back(PropertyOf(name, value, entry->first.text + "-"));
      }
    }
  }
  for (const std::string_view name : kWithoutServer) {
    offer.containers.try_emplace(ContainerName(std::string(name)));
  }
  return {};
}

std::string SupportedTypes(const OfferSources& sources) {
  std::set<std::string> types;
  for (const std::string_view name : dysnomia::BuiltInNames()) types.emplace(name);
  for (const fs::path& folder : sources.modules_path) {
    for (const fs::path& file : FilesOf(folder)) {
      const std::string name = file.filename().string();
      if (dysnomia::FindModule(name, {folder})) types.insert(name);
    }
  }
  const std::vector<std::string> words(types.begin(), types.end());
  return Join(words, " ");
}

Property TypesProperty(const std::string& types) {
  std::string json = "[";
  for (const std::string_view type : Split(types, ' ')) {
    json += (json.size() > 1 ? "," : "") + JsonString(type);
  }
  return {
      .name = "supportedTypes", .kind = Property::Kind::kText, .text = types, .json = json + "]"};
}

}  // namespace

OfferSources OfferSourcesFrom(const std::vector<std::string>& environment) {
  const auto variable = [&](std::string_view name, std::string_view otherwise) {
    for (const std::string& text : environment) {
      const bool is_it = text.starts_with(name) && text.substr(name.size(), 1) == "=";
      if (is_it) return text.substr(name.size() + 1);
    }
    return std::string(otherwise);
  };
  return {.containers_path = dysnomia::SplitSearchPath(
              variable("DYSNOMIA_CONTAINERS_PATH", "/etc/dysnomia/containers")),
          .properties_file = variable("DYSNOMIA_PROPERTIES", "/etc/dysnomia/properties"),
          .modules_path = dysnomia::SplitSearchPath(variable("DYSNOMIA_MODULES_PATH", ""))};
}

Result<OfferReport> ReadOffer(const OfferSources& sources) {
  OfferReport offer;
  offer.num_of_cores = sources.num_of_cores;
  utsname names{};
  if (::uname(&names) != 0) return Fail(ErrorCode::kInternal, "this machine has no name");
  offer.system = SystemName(std::string(names.machine) + "-linux");
  dysnomia::Assignments properties;
  std::error_code error;
  if (fs::exists(sources.properties_file, error)) {
    ERIS_ASSIGN(properties, ReadAssignments(sources.properties_file));
  }
  properties.try_emplace("hostname", names.nodename);
  properties.erase("supportedTypes");
  for (const auto& [name, value] : properties) {
    offer.properties.push_back(PropertyOf(name, value, ""));
  }
  offer.properties.push_back(TypesProperty(SupportedTypes(sources)));
  std::sort(offer.properties.begin(), offer.properties.end(),
            [](const Property& a, const Property& b) { return a.name < b.name; });
  ERIS_TRY(AddContainers(sources, offer));
  return offer;
}

}  // namespace eris
