// RemoveTree of files.h: depth first with a stack of open directories, so that nobody who swaps a
// directory for a symbolic link meanwhile can lead it elsewhere.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "schema/base/directory.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"

namespace eris {
namespace {

struct Level {
  DirectoryStream directory;
  std::string name;  // in the directory of the level above
};

// Opens a directory for removal of its entries; read-only ones of our own are made writable.
Result<DirectoryStream> OpenAt(int parent, const std::string& name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(::openat(parent, name.c_str(), flags));
  if (!fd.valid()) return FailErrno(errno, "cannot open directory " + name);
  struct stat info {};
  if (::fstat(fd.get(), &info) == 0 && (info.st_mode & S_IRWXU) != S_IRWXU) {
    ::fchmod(fd.get(), S_IRWXU);  // a failure shows when the first entry cannot be removed
  }
  DIR* directory = ::fdopendir(fd.get());
  if (directory == nullptr) return FailErrno(errno, "cannot read directory " + name);
  fd.Release();
  return DirectoryStream(directory);
}

// Removes one entry; false when it is a directory, which must be emptied first.
Result<bool> RemoveEntry(int parent, const char* name) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
  const int error = errno;
  struct stat info {};
  if (::fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode)) {
    return false;
  }
  return FailErrno(error, std::string("cannot remove ") + name);
}

bool IsSelfOrParent(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

// Works on the innermost level until it is empty or a directory in it must be emptied first.
Status Step(std::vector<Level>& levels, int root_parent) {
  DIR* directory = levels.back().directory.get();
  const int fd = ::dirfd(directory);
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (IsSelfOrParent(entry->d_name)) continue;
    const std::string name = entry->d_name;
    ERIS_ASSIGN(const bool removed, RemoveEntry(fd, name.c_str()));
    if (removed) {
      errno = 0;
      continue;
    }
    if (levels.size() == kMaxTreeDepth) {
      return Fail(ErrorCode::kInvalid, "directories are nested too deeply to remove " + name);
    }
    ERIS_ASSIGN(DirectoryStream inner, OpenAt(fd, name));
    levels.push_back({std::move(inner), name});
    return {};
  }
  if (errno != 0) return FailErrno(errno, "cannot read directory " + levels.back().name);
  const std::string name = std::move(levels.back().name);
  levels.pop_back();
  const int parent = levels.empty() ? root_parent : ::dirfd(levels.back().directory.get());
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return FailErrno(errno, "cannot remove directory " + name);
  }
  return {};
}

Status Remove(const std::string& path) {
  ERIS_ASSIGN(const bool removed, RemoveEntry(AT_FDCWD, path.c_str()));
  if (removed) return {};
  std::vector<Level> levels;
  ERIS_ASSIGN(DirectoryStream top, OpenAt(AT_FDCWD, path));
  levels.push_back({std::move(top), path});
  while (!levels.empty()) ERIS_TRY(Step(levels, AT_FDCWD));
  return {};
}

}  // namespace

Status RemoveTree(const std::string& path) {
  return Remove(path).map_error([&](Error error) { return std::move(error).In(path); });
}

}  // namespace eris
