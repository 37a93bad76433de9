// The checkers there are; each says in its own file what it promises.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "tests/sim/checker.h"

namespace eris::sim {

std::unique_ptr<Checker> MakeOrderChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeIrreversibleChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeWayBackChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeContentChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeEdgeChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeOnceChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeFenceChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeExplainedChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeSettledChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeSubmissionChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeLockChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeRootChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeQueueChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeStateChecker(const World& world, Verdicts& verdicts);
std::unique_ptr<Checker> MakeEndChecker(const World& world, Verdicts& verdicts);

// In the order of docs/INVARIANTS.md.
struct CheckerKind {
  std::string_view name;     // as its violations begin
  std::string_view promise;  // what it is about
  std::unique_ptr<Checker> (*make)(const World& world, Verdicts& verdicts);
};
const std::vector<CheckerKind>& AllCheckers();

}  // namespace eris::sim
