#include "schema/base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "schema/base/system_error.h"

namespace eris {
namespace {

Status SyncFd(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return FailErrno(errno, "cannot sync " + path);
  return {};
}

// Fills the temporary file and moves it over `path`.
Status FillAndRename(int fd, const std::string& temporary, const std::string& path) {
  ERIS_TRY(SyncFd(fd, temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return FailErrno(errno, "cannot rename " + temporary + " to " + path);
  }
  return {};
}

Status MakeOneDirectory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) {
    const int error = errno;
    struct stat info {};
    if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return FailErrno(error == EEXIST ? ENOTDIR : error, "cannot make directory " + path);
  }
  Status status;
  if (::chmod(path.c_str(), mode) != 0) status = FailErrno(errno, "cannot set mode of " + path);
  if (status) status = SyncDirectory(DirectoryOf(path));
  // Whoever tries again must not take for durable what this call could not make so.
  if (!status) ::rmdir(path.c_str());
  return status;
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t limit_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FailErrno(errno, "cannot stat " + path);
  std::string content;
  if (info.st_size > 0 && static_cast<std::size_t>(info.st_size) <= limit_bytes) {
    content.reserve(static_cast<std::size_t>(info.st_size));
  }
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got == 0) return content;
    if (got < 0) {
      if (errno == EINTR) continue;
      return FailErrno(errno, "cannot read " + path);
    }
    const auto count = static_cast<std::size_t>(got);
    if (count > limit_bytes - content.size()) {
      return Fail(ErrorCode::kInvalid,
                  path + " is larger than " + std::to_string(limit_bytes) + " bytes");
    }
    content.append(buffer.data(), count);
  }
}

Status WriteAll(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FailErrno(errno, "cannot write");
    }
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status WriteFileAtomically(const std::string& path, std::string_view data, mode_t mode) {
  const std::string directory = DirectoryOf(path);
  std::string temporary = directory + "/." + FileNameOf(path) + ".tmp-XXXXXX";
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot make a temporary file in " + directory);
  Status status = WriteAll(fd.get(), data).map_error([&](Error error) {
    return std::move(error).In(temporary);
  });
  if (status && ::fchmod(fd.get(), mode) != 0) {
    status = FailErrno(errno, "cannot set mode of " + temporary);
  }
  if (status) status = FillAndRename(fd.get(), temporary, path);
  if (!status) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(directory);
}

Status SyncDirectory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FailErrno(errno, "cannot open directory " + path);
  return SyncFd(fd.get(), path);
}

Status MakeDirectories(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    const std::string above = path.substr(0, end);
    if (!FileExists(above)) ERIS_TRY(MakeOneDirectory(above, mode));
  }
  return MakeOneDirectory(path, mode);
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const std::size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  const std::size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

std::string FileNameOf(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return {};
  const std::size_t slash = path.find_last_of('/', end);
  return path.substr(slash == std::string::npos ? 0 : slash + 1,
                     end - (slash == std::string::npos ? std::size_t(-1) : slash));
}

bool FileExists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

Result<FileLock> FileLock::TryAcquire(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot open lock " + path);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Fail(ErrorCode::kConflict, path + " is locked by another process",
                  "see who holds it: fuser " + path);
    }
    return FailErrno(errno, "cannot lock " + path);
  }
  return FileLock(std::move(fd));
}

}  // namespace eris
