// The planner's numbers, named and configurable. Values only.
#pragma once

#include <cstdint>

#include "schema/base/clock.h"
#include "schema/values/work_item.h"

namespace eris::planner {

struct Tuning {
  std::uint32_t max_attempts = 3;  // of an item whose attempts end unknown or unavailable

  // Items of one queue that are out at a time. A rollback waits for what is out, so this trades the
  // latency of the way back for the throughput of the way forward.
  std::uint32_t window = 32;
  std::uint32_t wave = 512;  // items per ItemsPublished event

  // How long workers get to be seen once the broker has welcomed the planner, before one of them is
  // said to be absent.
  Duration presence_patience{2'000};

  Duration retry_base{1'000};  // doubles with each attempt
  Duration retry_max{60'000};

  // What the worker enforces, by kind of item.
  Duration activity_deadline{600'000};
  Duration supply_deadline{600'000};   // build, transfer: without progress
  Duration control_deadline{120'000};  // leases, profiles, query, collect
  Duration diagnose_deadline{12 * 3'600'000};
  // The planner's own deadline is longer than the worker's: it only makes an item unknown.
  Duration grace{60'000};
};

// What the worker enforces when the plan names no deadline.
Duration DefaultDeadline(const Tuning& tuning, const ItemBody& body);

// Before attempt `failed_attempts` + 1.
Duration RetryDelay(const Tuning& tuning, std::uint32_t failed_attempts);

}  // namespace eris::planner
