// What is asked of targets outside of generations: calls that become one item on each of some
// targets. Values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planner/cli/call_arguments.h"
#include "schema/values/ids.h"
#include "schema/values/work_item.h"

namespace eris::cli {

struct QueryCommand {
  std::vector<TargetName> targets;  // empty = all of the current generation
  SubmitArguments submit;
  enum class Shape : std::uint8_t { kTable, kServices, kContainers, kNix } shape = Shape::kTable;
  // kDrift: instead, what differs from the current generation.
  enum class Question : std::uint8_t { kContent, kDrift } question = Question::kContent;
  bool operator==(const QueryCommand&) const = default;
};
struct CollectCommand {
  std::vector<TargetName> targets;  // empty = all of the current generation
  CollectItem what;                 // of stores, or of snapshots
  WithDepot depot = WithDepot::kWithout;
  ServiceName service;  // of snapshots: only its; empty = any
  SubmitArguments submit;
  bool operator==(const CollectCommand&) const = default;
};
struct DiagnoseCommand {
  ServiceName service;
  TargetName target;        // empty = any
  ContainerName container;  // empty = any
  std::string command;      // empty = a shell
  enum class Doing : std::uint8_t { kAttending, kListing } doing = Doing::kAttending;
  SubmitArguments submit;
  bool operator==(const DiagnoseCommand&) const = default;
};

}  // namespace eris::cli
