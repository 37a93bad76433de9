#include "tests/crash/faulty_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/files.h"

namespace eris::test {
namespace {

constexpr const char* kName = "faulty";
constexpr std::size_t kSector = 512;
constexpr std::size_t kMaxFile = 64U << 20U;

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): SQLite hands no context to xOpen
// but the VFS, which is static.
FaultyDisk* the_disk = nullptr;
sqlite3_vfs* real_vfs = nullptr;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

void ApplyTo(std::string& content, const FaultyDisk::Write& write) {
  if (write.truncated_to) return content.resize(*write.truncated_to);
  const std::size_t end = write.offset + write.bytes.size();
  if (content.size() < end) content.resize(end);
  content.replace(write.offset, write.bytes.size(), write.bytes);
}

// ---- the VFS: every change asks the disk first, everything else is the real one's ----

struct File {
  sqlite3_file base;  // first: SQLite sees this
  std::string* path;  // empty for temporary files, which nobody watches
  sqlite3_file* real;
};

File& FileOf(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* RealOf(sqlite3_file* file) { return FileOf(file).real; }

int Close(sqlite3_file* file) {
  File& shim = FileOf(file);
  const int result = shim.real->pMethods->xClose(shim.real);
  delete std::exchange(shim.path, nullptr);
  ::sqlite3_free(std::exchange(shim.real, nullptr));
  return result;
}
int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  return RealOf(file)->pMethods->xRead(RealOf(file), to, size, offset);
}
int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  const auto length = static_cast<std::size_t>(size);
  const auto answer =
      the_disk->Change(*FileOf(file).path, {.offset = static_cast<std::uint64_t>(offset),
                                            .bytes = {static_cast<const char*>(from), length}});
  if (answer == FaultyDisk::Answer::kRefused) return SQLITE_IOERR_WRITE;
  return RealOf(file)->pMethods->xWrite(RealOf(file), from, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const auto answer =
      the_disk->Change(*FileOf(file).path, {.truncated_to = static_cast<std::uint64_t>(size)});
  if (answer == FaultyDisk::Answer::kRefused) return SQLITE_IOERR_TRUNCATE;
  return RealOf(file)->pMethods->xTruncate(RealOf(file), size);
}
// What is synced is what the disk remembers: the real file need not be.
int Sync(sqlite3_file* file, int) {
  const auto answer = the_disk->Sync(*FileOf(file).path);
  return answer == FaultyDisk::Answer::kRefused ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return RealOf(file)->pMethods->xFileSize(RealOf(file), size);
}
int Lock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xLock(RealOf(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xUnlock(RealOf(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* result) {
  return RealOf(file)->pMethods->xCheckReservedLock(RealOf(file), result);
}
int FileControl(sqlite3_file* file, int what, void* argument) {
  return RealOf(file)->pMethods->xFileControl(RealOf(file), what, argument);
}
int SectorSize(sqlite3_file*) { return kSector; }
// No promise that the real disk may make: neither atomic nor ordered writes.
int DeviceCharacteristics(sqlite3_file*) { return 0; }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return RealOf(file)->pMethods->xShmMap(RealOf(file), page, size, extend, memory);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return RealOf(file)->pMethods->xShmLock(RealOf(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { RealOf(file)->pMethods->xShmBarrier(RealOf(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return RealOf(file)->pMethods->xShmUnmap(RealOf(file), remove);
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,  // without memory maps, which would pass the disk by
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int OpenFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File& shim = FileOf(file);
  shim = {};
  shim.real = static_cast<sqlite3_file*>(::sqlite3_malloc(real_vfs->szOsFile));
  std::memset(shim.real, 0, static_cast<std::size_t>(real_vfs->szOsFile));
  const int result = real_vfs->xOpen(real_vfs, name, shim.real, flags, out_flags);
  if (result != SQLITE_OK) {
    ::sqlite3_free(std::exchange(shim.real, nullptr));
    return result;
  }
  ERIS_CHECK(name != nullptr, "temporary files are kept in memory");
  shim.path = new std::string(name);
  shim.base.pMethods = &kMethods;
  the_disk->Opened(*shim.path);
  return SQLITE_OK;
}
int RemoveFile(sqlite3_vfs*, const char* name, int sync_directory) {
  if (the_disk->Delete(name) == FaultyDisk::Answer::kRefused) return SQLITE_IOERR_DELETE;
  return real_vfs->xDelete(real_vfs, name, sync_directory);
}

}  // namespace

FaultyDisk::FaultyDisk() {
  ERIS_CHECK(the_disk == nullptr, "one disk at a time");
  the_disk = this;
  static sqlite3_vfs faulty{};
  real_vfs = ::sqlite3_vfs_find("unix");
  faulty = *real_vfs;
  faulty.szOsFile = sizeof(File);
  faulty.zName = kName;
  faulty.pNext = nullptr;
  faulty.xOpen = OpenFile;
  faulty.xDelete = RemoveFile;
  ERIS_CHECK(::sqlite3_vfs_register(&faulty, 1) == SQLITE_OK, "a VFS can be registered");
}

FaultyDisk::~FaultyDisk() {
  ::sqlite3_vfs_unregister(::sqlite3_vfs_find(kName));
  the_disk = nullptr;
}

void FaultyDisk::Arm(DiskFault fault, std::uint64_t change, std::uint64_t seed) {
  fault_ = fault;
  left_ = change;
  struck_ = false;
  dice_.seed(seed);
}

void FaultyDisk::Opened(const std::string& path) {
  if (images_.contains(path)) return;
  images_[path].synced = ReadFile(path, kMaxFile).value_or("");
}

FaultyDisk::Answer FaultyDisk::Strike() {
  if (struck_) return Answer::kRefused;
  if (left_ == 0 || --left_ > 0) return Answer::kDone;
  struck_ = true;
  return Answer::kRefused;
}

FaultyDisk::Answer FaultyDisk::Change(const std::string& path, Write write) {
  const bool was_struck = struck_;
  const Answer answer = Strike();
  if (answer == Answer::kRefused && (was_struck || fault_ != DiskFault::kTears)) return answer;
  if (answer == Answer::kRefused) write.bytes.resize(write.bytes.size() / 2);
  images_[path].pending.push_back(std::move(write));
  return answer;
}

FaultyDisk::Answer FaultyDisk::Sync(const std::string& path) {
  if (Strike() == Answer::kRefused) return Answer::kRefused;
  if (lies_) return Answer::kDone;
  Image& image = images_[path];
  for (const Write& write : std::exchange(image.pending, {})) ApplyTo(image.synced, write);
  return Answer::kDone;
}

// Its name is gone for good: SQLite asks for the directory's sync where it matters.
FaultyDisk::Answer FaultyDisk::Delete(const std::string& path) {
  if (Strike() == Answer::kRefused) return Answer::kRefused;
  images_.erase(path);
  return Answer::kDone;
}

void FaultyDisk::Survive(Image& image) {
  std::vector<Write> pending = std::exchange(image.pending, {});
  if (fault_ == DiskFault::kLoses) return;
  if (fault_ == DiskFault::kReorders) {
    std::vector<Write> sectors;
    for (Write& write : pending) {
      if (write.truncated_to) {
        sectors.push_back(std::move(write));
        continue;
      }
      for (std::size_t at = 0; at < write.bytes.size(); at += kSector) {
        sectors.push_back({.offset = write.offset + at, .bytes = write.bytes.substr(at, kSector)});
      }
    }
    std::erase_if(sectors, [this](const Write&) { return dice_() % 2 == 0; });
    std::ranges::shuffle(sectors, dice_);
    pending = std::move(sectors);
  }
  for (const Write& write : pending) ApplyTo(image.synced, write);
}

void FaultyDisk::Restart() {
  for (auto& [path, image] : images_) {
    Survive(image);
    ERIS_CHECK(WriteFileAtomically(path, image.synced, 0600).has_value(), "the real disk is sound");
  }
  images_.clear();
  left_ = 0;
  struck_ = false;
}

}  // namespace eris::test
