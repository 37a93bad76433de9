// The output of an attempt while it is written, and how it becomes the file `output`. With secrets
// it is captured in a file without a name, so that a value is never found on the disk even if the
// runner is killed, and stored under its name when the values are masked.
#pragma once

#include <cstdint>
#include <string>

#include "dysnomia/secrets.h"
#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris::dysnomia {

enum class CaptureMode : std::uint8_t { kPlain, kMasked };

class Capture {
 public:
  // `path` is the final name. kPlain writes there at once.
  static Result<Capture> Open(const std::string& path, CaptureMode mode);

  int fd() const { return fd_.get(); }
  Masker& masker() { return masker_; }

  std::uint64_t Size() const;
  void Say(std::string_view line);
  // The last lines from this offset on, masked, at most kMaxTailBytes.
  std::string Tail(std::uint64_t from) const;
  // After it the file has its final name and at most kMaxOutputBytes.
  Status Finish();

 private:
  Capture(UniqueFd fd, std::string path, CaptureMode mode)
      : fd_(std::move(fd)), path_(std::move(path)), mode_(mode) {}
  std::string Read(std::uint64_t from, std::uint64_t to) const;

  UniqueFd fd_;
  std::string path_;
  CaptureMode mode_;
  Masker masker_;
};

}  // namespace eris::dysnomia
