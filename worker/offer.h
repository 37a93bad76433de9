// What a target has for services, whatever is deployed to it: containers, their properties, and
// properties of the machine, as Dysnomia's files there say. Reads files only; runs nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schema/base/error.h"
#include "schema/values/work_item.h"

namespace eris {

struct OfferSources {
  std::vector<std::filesystem::path> containers_path;  // DYSNOMIA_CONTAINERS_PATH; the first wins
  std::filesystem::path properties_file;               // DYSNOMIA_PROPERTIES; may be absent
  std::vector<std::filesystem::path> modules_path;     // DYSNOMIA_MODULES_PATH
  std::uint32_t num_of_cores = 1;
};

// Where Dysnomia looks, as this environment ("NAME=VALUE") says.
OfferSources OfferSourcesFrom(const std::vector<std::string>& environment);

// The containers are those that have a container file, and those of the built-in modules that need
// none. Beside the properties of the file there are `hostname`, where the file has none, and
// `supportedTypes`: what has a module here. A value whose name looks like a password stays here: it
// becomes a secret named CONTAINER-PROPERTY, or PROPERTY of the machine. kInvalid: a file that
// cannot be read as assignments, and where.
Result<OfferReport> ReadOffer(const OfferSources& sources);

}  // namespace eris
