// The depot as the planner's configuration wants it: none, or a CURVE socket with everything behind
// it, in the order in which they need each other.
#pragma once

#include <memory>

#include "broker/bulk/snapshot_shelf.h"
#include "broker/link/context.h"
#include "broker/link/curve.h"
#include "broker/link/loop.h"
#include "broker/link/zap.h"
#include "broker/link/zmq_transport.h"
#include "planner/config.h"
#include "planner/depot.h"
#include "schema/base/log.h"

namespace eris::planner {

class DepotServer;

// Owned by main; uses loop, context and log, which outlive it.
class DepotSocket {
 public:
  static Result<std::unique_ptr<DepotSocket>> Open(const PlannerConfig& config,
                                                   const link::CurveKeys& keys, link::Loop& loop,
                                                   link::Context& context, Log& log);
  ~DepotSocket();

  Depot& depot();

 private:
  DepotSocket();

  SharedStore none_;
  std::unique_ptr<link::ZapHandler> zap_;
  std::unique_ptr<link::ZmqServer> transport_;
  std::unique_ptr<bulk::SnapshotShelf> snapshots_;
  std::unique_ptr<DepotServer> server_;
};

}  // namespace eris::planner
