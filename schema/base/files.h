// Files and directories, written so that they survive a crash. Owns the order of write, sync and
// rename; knows nothing about what is in the files. Every descriptor is close-on-exec.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "schema/base/error.h"
#include "schema/base/unique_fd.h"

namespace eris {

// The whole file. kInvalid when it is larger than `limit_bytes`: nobody reads unbounded input.
Result<std::string> ReadFile(const std::string& path, std::size_t limit_bytes);

// Writes all of `data` to an open descriptor, across short writes and interruptions.
Status WriteAll(int fd, std::string_view data);

// After success the file has the new content and `mode` (whatever the umask), also after a power
// cut. After a failure or a crash it has either its old content or the new one, never a mixture.
// Leaves no temporary file behind, except in a crash: those are called ".NAME.tmp-*".
Status WriteFileAtomically(const std::string& path, std::string_view data, mode_t mode);

// Makes the creation, renaming and removal of the directory's entries durable.
Status SyncDirectory(const std::string& path);

// Makes `path` and what is missing above it, each with `mode` whatever the umask; what exists is
// left as it is. Durable on success.
Status MakeDirectories(const std::string& path, mode_t mode);

// Removes `path` and everything below it, without following symbolic links; one that does not exist
// is success. On failure part of it is gone. Not durable: sync the parent where that matters.
Status RemoveTree(const std::string& path);
inline constexpr std::size_t kMaxTreeDepth = 256;  // RemoveTree keeps a descriptor open per level

// The directory of `path` ("." when it names none) and its last component.
std::string DirectoryOf(const std::string& path);
std::string FileNameOf(const std::string& path);

bool FileExists(const std::string& path);

// An advisory lock on a file that is made (0600) when it is missing and never removed: removing a
// lock file lets two processes hold "it". Held as long as the object lives; the kernel lets go when
// the process ends, whatever the reason, and children do not inherit it.
class FileLock {
 public:
  // kConflict at once when another FileLock, of this or of another process, holds it.
  static Result<FileLock> TryAcquire(const std::string& path);

  int fd() const { return fd_.get(); }

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace eris
