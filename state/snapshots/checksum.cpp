#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "schema/base/digest.h"
#include "schema/base/system_error.h"
#include "schema/base/unique_fd.h"
#include "state/snapshots/store.h"

namespace eris::snapshots {
namespace {

namespace fs = std::filesystem;

Status AddFile(Sha256Hasher& hasher, const fs::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return FailErrno(errno, "cannot open " + file.string());
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got == 0) return {};
    if (got < 0 && errno != EINTR) return FailErrno(errno, "cannot read " + file.string());
    if (got > 0) hasher.Update({buffer.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace

Result<std::string> ChecksumOf(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    entries.push_back(entry->path().lexically_relative(directory));
  }
  if (error) return Fail(ErrorCode::kInternal, directory.string() + ": " + error.message());
  std::sort(entries.begin(), entries.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  Sha256Hasher hasher;
  hasher.Update(".\n");
  for (const fs::path& entry : entries) hasher.Update("./" + entry.native() + "\n");
  hasher.Update("\n");
  for (const fs::path& entry : entries) {
    const fs::path file = directory / entry;
    if (fs::symlink_status(file, error).type() != fs::file_type::regular) continue;
    ERIS_TRY(AddFile(hasher, file));
  }
  return "sha256:" + Hex(hasher.Finish());
}

Result<std::string> FileDigestOf(const fs::path& file) {
  Sha256Hasher hasher;
  ERIS_TRY(AddFile(hasher, file));
  return Hex(hasher.Finish());
}

}  // namespace eris::snapshots
