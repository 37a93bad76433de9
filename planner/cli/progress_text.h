// How a transaction looks while it runs and when it has ended: as a screen for a terminal, as lines
// for a log. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "planner/cli/progress.h"

namespace eris::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// A headline, a line per queue that has something to do, what is waited for. Never more rows or
// columns than there are.
std::vector<std::string> ScreenOf(const Progress& progress, SteadyTime now, ScreenSize size);

// What the event that was just applied is worth saying in a log: none or some lines.
std::vector<std::string> LinesOf(const Progress& progress, const Event& event);

// The last words: what came of it, how long things were locked, what failed, what to do now.
std::vector<std::string> EndingOf(const TransactionStatus& status, const Progress& progress);

// "850 ms", "4.2 s", "3 min 07 s".
std::string DurationText(Duration duration);

}  // namespace eris::cli
