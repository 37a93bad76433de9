// The broker's spool in memory, for tests and the simulator: a MemoryLog that can also be read
// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "schema/base/error.h"
#include "schema/values/spool.h"
#include "state/memory_log.h"

namespace eris {

// Reads what a MemoryLog holds; borrows it. Like the real spool it forgets content that was taken.
class MemorySpoolReader final : public SpoolReader {
 public:
  explicit MemorySpoolReader(const MemoryLog<SpoolRecord>& log) : log_(log) {}

  Result<std::string> ReadContent(const SubmissionId& id, std::uint64_t offset,
                                  std::size_t max_bytes) override;

 private:
  const MemoryLog<SpoolRecord>& log_;
};

}  // namespace eris
