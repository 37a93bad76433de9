// A disk below SQLite that fails, tears or loses the n-th change: a VFS around the real one, which
// remembers for each file what was synced and what was written since. Installed as the default VFS:
// the code under test does not know of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace eris::test {

enum class DiskFault : std::uint8_t {
  kFails,     // the n-th write, sync, truncation or deletion is refused
  kTears,     // of the n-th write only the first half arrives, then the power goes
  kLoses,     // the power goes before the n-th change: nothing that was not synced is left
  kReorders,  // … of what was not synced any sectors are left, in any order
};
inline constexpr DiskFault kDiskFaults[] = {DiskFault::kFails, DiskFault::kTears, DiskFault::kLoses,
                                            DiskFault::kReorders};

// One at a time; databases are opened after it was made and closed before it goes. From the fault
// on every change is refused, as for a process that is gone, until Restart.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // The `change`-th change from now on meets `fault`; `seed` says which sectors survive.
  void Arm(DiskFault fault, std::uint64_t change, std::uint64_t seed);
  // From now on it says that it has synced, and has not.
  void Lie() { lies_ = true; }
  bool has_struck() const { return struck_; }
  // Precondition: no database is open. Puts onto the real files what has survived, and works again.
  void Restart();

  // For the VFS. A change that is refused is not carried out.
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> truncated_to;  // instead
  };
  enum class Answer : std::uint8_t { kDone, kRefused };
  void Opened(const std::string& path);
  Answer Change(const std::string& path, Write write);
  Answer Sync(const std::string& path);
  Answer Delete(const std::string& path);

 private:
  struct Image {
    std::string synced;
    std::vector<Write> pending;
  };
  Answer Strike();
  void Survive(Image& image);

  DiskFault fault_ = DiskFault::kFails;
  std::uint64_t left_ = 0;  // changes until the fault; 0 = none is armed
  bool struck_ = false;
  bool lies_ = false;
  std::mt19937_64 dice_;
  std::map<std::string, Image> images_;
};

}  // namespace eris::test
