// Where the daemons' log goes: standard error or a file. The only user of spdlog; a library of its
// own (eris_log), because spdlog costs a millisecond at the start of a process.
#pragma once

#include <memory>
#include <string>

#include "schema/base/error.h"
#include "schema/base/log.h"

namespace eris {

struct LogOptions {
  std::string program;               // stands in every line: "eris-planner"
  LogLevel level = LogLevel::kInfo;  // the least level written
  std::string file;                  // appended to, made 0600; empty: standard error
};

// Lines read "2026-01-31T12:00:00.000Z info eris-planner item.started item=3" and are handed to the
// kernel one by one, so that a crash loses none.
Result<std::unique_ptr<Log>> OpenLog(const LogOptions& options);

}  // namespace eris
