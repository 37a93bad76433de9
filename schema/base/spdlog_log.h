// Where the daemons' log goes: standard error or a file. The only user of spdlog; a library of its
// own (eris_log), because spdlog costs a millisecond at the start of a process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "schema/base/error.h"
#include "schema/base/log.h"

namespace eris {

struct LogOptions {
  std::string program;               // stands in every line: "eris-planner"
  LogLevel level = LogLevel::kInfo;  // the least level written
  std::string file;                  // appended to, made 0600; empty: standard error
  // kUntilFlush: lines below a warning are handed to the kernel by Flush, or with the next one that
  // is none. A crash loses those of its turn, so they must tell nothing that only the log knows.
  enum class Lines : std::uint8_t { kOneByOne, kUntilFlush } lines = Lines::kOneByOne;
};

// A log whose owner says when what was written must be seen.
class BufferedLog : public Log {
 public:
  virtual void Flush() = 0;
};

// Lines read "2026-01-31T12:00:00.000Z info eris-planner item.started item=3" and are handed to the
// kernel one by one, so that a crash loses none, unless the options say otherwise.
Result<std::unique_ptr<BufferedLog>> OpenLog(const LogOptions& options);

}  // namespace eris
