// Raw models for the tests of this folder: a few lines instead of a Nix evaluation.
#pragma once

#include <initializer_list>
#include <string>

#include "planner/models/raw_model.h"

namespace eris::testing {

inline const SystemName kSystem{"x86_64-linux"};

inline Property TextProperty(const std::string& name, const std::string& text) {
  return {name, Property::Kind::kText, text, '"' + text + '"'};
}
inline Property SecretProperty(const std::string& name, const std::string& secret) {
  return {name, Property::Kind::kSecret, secret, R"({"_secret":")" + secret + "\"}"};
}

class ModelBuilder {
 public:
  ModelBuilder& Target(const std::string& name) {
    RawTarget& target = model_.targets[TargetName(name)];
    target.target.system = kSystem;
    target.target.properties = {TextProperty("hostname", name)};
    return *this;
  }

  // A service of type "echo" in the container "echo" of each target.
  ModelBuilder& Service(const std::string& name, std::initializer_list<std::string> targets) {
    RawService& service = model_.services[ServiceName(name)];
    service.type = "echo";
    const std::string base = "/nix/store/00000000000000000000000000000000-" + name;
    service.packages[kSystem] = {StorePath(base), StorePath(base + ".drv"), {}, {}};
    for (const std::string& target : targets) {
      service.places.push_back({TargetName(target), ContainerName("echo")});
    }
    return *this;
  }

  ModelBuilder& DependsOn(const std::string& service, const std::string& dependency) {
    At(service).depends_on.push_back({dependency, ServiceName(dependency), {}, {}});
    return *this;
  }
  ModelBuilder& ConnectsTo(const std::string& service, const std::string& dependency) {
    At(service).connects_to.push_back({dependency, ServiceName(dependency), {}, {}});
    return *this;
  }
  ModelBuilder& Container(const std::string& target, const Property& property) {
    model_.targets.at(TargetName(target)).target.containers[ContainerName("echo")] = {property};
    return *this;
  }
  RawService& At(const std::string& service) { return model_.services.at(ServiceName(service)); }

  RawModel& model() { return model_; }

 private:
  RawModel model_;
};

// data on one, api on one and two depending on it, web on two depending on api, aside alone on one.
inline ModelBuilder ThreeTiers() {
  ModelBuilder builder;
  builder.Target("one").Target("two");
  builder.Service("data", {"one"}).Service("api", {"one", "two"}).Service("web", {"two"});
  builder.Service("aside", {"one"});
  builder.DependsOn("api", "data").DependsOn("web", "api").ConnectsTo("data", "web");
  return builder;
}

}  // namespace eris::testing
