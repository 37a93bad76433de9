#include "tests/sim/checkers/all.h"

namespace eris::sim {

const std::vector<CheckerKind>& AllCheckers() {
  static const std::vector<CheckerKind> kAll = {
      {"order", "P1", MakeOrderChecker},
      {"state", "P2, P5 on state; no acknowledged write lost", MakeStateChecker},
      {"irreversible", "P3", MakeIrreversibleChecker},
      {"way-back", "P4", MakeWayBackChecker},
      {"content", "P5", MakeContentChecker},
      {"edges", "P6", MakeEdgeChecker},
      {"once", "D3: an attempt takes effect once", MakeOnceChecker},
      {"fences", "D1, D3, D4", MakeFenceChecker},
      {"explained", "D1: the journal explains each effect", MakeExplainedChecker},
      {"settled", "D5", MakeSettledChecker},
      {"submissions", "D6", MakeSubmissionChecker},
      {"queues", "D7", MakeQueueChecker},
      {"locks", "no lock or lease is left", MakeLockChecker},
      {"roots", "no root is left, none is missing", MakeRootChecker},
      {"ends", "every transaction ends; stuck only after a refused inverse", MakeEndChecker},
  };
  return kAll;
}

}  // namespace eris::sim
