// Consistent manifests from few words, for tests: keys, digests, providers and profiles are derived
// as the model reader derives them, so that a change of one thing changes what it should and
// nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schema/values/manifest.h"

namespace eris::testing {

struct PlaceSpec {
  std::string target;
  std::string container = "process";
};

struct ServiceSpec {
  std::string name;
  std::string version = "1";
  std::vector<PlaceSpec> places;
  std::vector<std::string> depends_on;       // every place of the named services, listed before
  std::vector<std::string> activates_after;  // likewise
  std::vector<std::string> provides;         // containers, on each of its targets
  bool deploy_state = false;
  std::string type = "process";
  std::vector<std::string> connects_to;  // every place of the named services, listed anywhere
  bool state_undo = false;
};

// Properties (name → value) by target and container; targets and containers that only a service
// names are made as needed.
using PropertySpec =
    std::map<std::string, std::map<std::string, std::map<std::string, std::string>>>;

// Services are listed dependencies first.
Manifest MakeManifest(const std::vector<ServiceSpec>& services,
                      const PropertySpec& properties = {});

}  // namespace eris::testing
