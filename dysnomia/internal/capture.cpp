#include "dysnomia/internal/capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dysnomia/attempt.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"

namespace eris::dysnomia {

Result<Capture> Capture::Open(const std::string& path, CaptureMode mode) {
  const std::string name = mode == CaptureMode::kPlain ? path : path + ".unmasked";
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat before {};
  if (!fd.valid() || ::fstat(fd.get(), &before) != 0) {
    return FailErrno(errno, "cannot make " + name);
  }
  if (before.st_size > 0) return Fail(ErrorCode::kConflict, name + " exists already");
  if (mode == CaptureMode::kMasked && ::unlink(name.c_str()) != 0) {
    return FailErrno(errno, "cannot unlink " + name);
  }
  return Capture(std::move(fd), path, mode);
}

std::uint64_t Capture::Size() const {
  struct stat info {};
  return ::fstat(fd_.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

void Capture::Say(std::string_view line) {
  static_cast<void>(WriteAll(fd_.get(), std::string(line) + "\n"));
}

std::string Capture::Read(std::uint64_t from, std::uint64_t to) const {
  std::string text(to > from ? to - from : 0, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got =
        ::pread(fd_.get(), text.data() + done, text.size() - done, static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

std::string Capture::Tail(std::uint64_t from) const {
  const std::uint64_t end = std::min(Size(), kMaxOutputBytes);
  // Read more than is kept: what is cut off at the front may be the second half of a secret.
  const std::uint64_t wanted = kMaxTailBytes + masker_.longest();
  const std::uint64_t begin = std::max(from, end > wanted ? end - wanted : 0);
  std::string text = masker_.Mask(Read(begin, end));
  if (begin > from && text.size() > kMaxTailBytes) text.erase(0, text.size() - kMaxTailBytes);
  if (begin > from) {
    const std::size_t line_end = text.find('\n');
    if (line_end != std::string::npos) text.erase(0, line_end + 1);
  }
  if (text.size() > kMaxTailBytes) text.erase(0, text.size() - kMaxTailBytes);
  return text;
}

Status Capture::Finish() {
  if (mode_ == CaptureMode::kPlain) {
    if (Size() > kMaxOutputBytes &&
        ::ftruncate(fd_.get(), static_cast<off_t>(kMaxOutputBytes)) != 0) {
      return FailErrno(errno, "cannot shorten " + path_);
    }
    return {};
  }
  std::uint64_t end = Size();
  // The last bytes of a shortened text may be the first half of a secret.
  if (end > kMaxOutputBytes) end = kMaxOutputBytes - masker_.longest();
  return WriteFileAtomically(path_, masker_.Mask(Read(0, end)), 0600);
}

}  // namespace eris::dysnomia
