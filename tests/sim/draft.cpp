#include "tests/sim/draft.h"

#include <algorithm>
#include <utility>

namespace eris::sim {
namespace {

using testing::ServiceSpec;

constexpr std::size_t kFewest = 3;
constexpr std::size_t kMost = 7;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Draft::Draft(Timeline& timeline, Limits limits) : timeline_(timeline), limits_(std::move(limits)) {
  const std::size_t count = std::min(kFewest + timeline_.Below(4), limits_.services);
  while (next_number_ < count) services_.push_back(NewService(next_number_));
}

const std::string& Draft::AnyTarget() {
  return limits_.targets[timeline_.Below(limits_.targets.size())];
}

// In a container of the system or of a service before it, depending on some of these.
ServiceSpec Draft::NewService(std::size_t number) {
  ++next_number_;
  ServiceSpec spec{.name = limits_.prefix + std::to_string(number)};
  const std::string& first =
      number < limits_.targets.size() ? limits_.targets[number] : AnyTarget();
  spec.places.push_back({.target = first});
  if (timeline_.Below(6) == 0) {
    const std::string& second = AnyTarget();
    if (second != first) spec.places.push_back({.target = second});
  }
  for (const ServiceSpec& before : services_) {
    const std::uint64_t kind = timeline_.Below(5);
    if (kind < 2) spec.depends_on.push_back(before.name);
    if (kind == 2) spec.activates_after.push_back(before.name);
    if (before.provides.empty() || before.places.front().target != first) continue;
    if (timeline_.Below(2) == 0) {
      spec.places = {{.target = first, .container = before.provides.front()}};
    }
  }
  if (timeline_.Below(4) == 0) spec.provides = {"in-" + spec.name};
  if (limits_.has_state) AddState(spec);
  return spec;
}

// A database, or one that writes those before it, also without depending on them.
void Draft::AddState(ServiceSpec& spec) {
  if (spec.provides.empty() && (services_.empty() || timeline_.Below(4) == 0)) {
    spec.deploy_state = true;
    spec.type = limits_.state_type;
    spec.places.resize(1);  // other copies come later, with its state
    spec.state_undo = timeline_.Below(3) == 0;
  }
  for (const ServiceSpec& before : services_) {
    if (!before.deploy_state || Contains(spec.depends_on, before.name)) continue;
    if (timeline_.Below(2) == 0) spec.connects_to.push_back(before.name);
  }
}

void Draft::MoveADatabase() {
  for (ServiceSpec& service : services_) {
    if (!service.deploy_state || timeline_.Below(2) != 0) continue;
    const std::string& target = AnyTarget();
    const bool gains_a_copy = timeline_.Below(3) == 0 && service.places.size() == 1 &&
                              service.places.front().target != target;
    if (!gains_a_copy) return Move(service, target);
    return service.places.push_back({.target = target});
  }
}

bool Draft::IsNeeded(const std::string& name) const {
  return std::any_of(services_.begin(), services_.end(), [&](const ServiceSpec& service) {
    const bool hosted = std::any_of(
        service.places.begin(), service.places.end(),
        [&](const testing::PlaceSpec& place) { return place.container == "in-" + name; });
    return hosted || Contains(service.depends_on, name) ||
           Contains(service.activates_after, name) || Contains(service.connects_to, name);
  });
}

// A provider stays: what it hosts could not go on.
void Draft::Move(ServiceSpec& service, const std::string& target) const {
  if (service.provides.empty()) service.places = {{.target = target}};
}

void Draft::Change(const std::string& version) {
  services_[timeline_.Below(services_.size())].version = version;
  if (limits_.has_state) MoveADatabase();
  const std::uint64_t more = timeline_.Below(3);
  for (std::uint64_t i = 0; i < more; ++i) {
    ServiceSpec& service = services_[timeline_.Below(services_.size())];
    switch (timeline_.Below(5)) {
      case 0:
        service.version = version;
        break;
      case 1:
        Move(service, AnyTarget());
        break;
      case 2:
        properties_[service.places.front().target]["process"]["setting"] = version;
        break;
      case 3:
        if (services_.size() > 2 && !IsNeeded(service.name)) {
          services_.erase(services_.begin() + (&service - services_.data()));
        }
        break;
      default:
        if (services_.size() < std::min(kMost, limits_.services)) {
          services_.push_back(NewService(next_number_));
        }
    }
  }
}

void Draft::LeaveTarget() {
  const std::string left = AnyTarget();
  const std::string& refuge =
      left == limits_.targets.front() ? limits_.targets.back() : limits_.targets.front();
  for (ServiceSpec& service : services_) {
    const bool there =
        std::any_of(service.places.begin(), service.places.end(),
                    [&](const testing::PlaceSpec& place) { return place.target == left; });
    if (there) Move(service, refuge);
  }
}

Manifest Draft::Make() const { return testing::MakeManifest(services_, properties_); }

}  // namespace eris::sim
