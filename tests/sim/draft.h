// A deployment that changes at random, from generation to generation: layers of services over some
// targets, replicas, containers and their providers, properties.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "schema/values/manifest.h"
#include "tests/sim/timeline.h"
#include "tests/support/manifest_builder.h"

namespace eris::sim {

class Draft {
 public:
  struct Limits {
    std::string prefix;  // of service names
    std::vector<std::string> targets;
    std::size_t services = 99;
    bool has_state = false;              // some services are databases, others write them
    std::string state_type = "process";  // of databases
  };

  Draft(Timeline& timeline, Limits limits);

  // One to three changes: a new version, a move, a property, one service less, one more.
  void Change(const std::string& version);
  // Nothing is left on one of the targets, if that can be.
  void LeaveTarget();
  Manifest Make() const;

 private:
  testing::ServiceSpec NewService(std::size_t number);
  void AddState(testing::ServiceSpec& spec);
  void MoveADatabase();
  const std::string& AnyTarget();
  bool IsNeeded(const std::string& name) const;
  void Move(testing::ServiceSpec& service, const std::string& target) const;

  Timeline& timeline_;
  Limits limits_;
  std::size_t next_number_ = 0;
  std::vector<testing::ServiceSpec> services_;
  testing::PropertySpec properties_;
};

}  // namespace eris::sim
