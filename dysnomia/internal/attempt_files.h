// Where the files of an attempt are, and how large they may be. attempt.h says what they mean.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace eris::dysnomia {

inline constexpr std::size_t kMaxAttemptFileBytes = 64U << 20U;
inline constexpr std::size_t kMaxLockBytes = 256;

struct AttemptFiles {
  explicit AttemptFiles(const std::filesystem::path& dir)
      : request((dir / "request").string()),
        lock((dir / "lock").string()),
        output((dir / "output").string()),
        outcome((dir / "outcome").string()),
        unpublished(outcome + ".new") {}

  std::string request;
  std::string lock;
  std::string output;
  std::string outcome;
  std::string unpublished;  // the outcome while it is written
};

}  // namespace eris::dysnomia
