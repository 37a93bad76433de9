// Directories on a disk that fails or loses its power at the n-th change. The program's own calls
// (open, write, fsync, rename …) below one directory are taken on their way to the C library:
// carried out, and remembered with what was synced since. What a power cut leaves is then written
// to another directory. The code under test does not know of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace eris::test {

enum class DirectoryFault : std::uint8_t {
  kFails,     // the n-th change is refused, and all after it, as on a full disk
  kLoses,     // the power goes before the n-th change: what was not synced is gone
  kReorders,  // … of what was not synced anything may be left: entries, halves of contents
};
inline constexpr DirectoryFault kDirectoryFaults[] = {
    DirectoryFault::kFails, DirectoryFault::kLoses, DirectoryFault::kReorders};

// One at a time, one thread. A file's content is synced by fsync of the file, its name by fsync of
// its directory and by nothing else: file systems keep more than that, none keeps less. Names that
// change by one rename within a directory change together.
class FaultyDirectory {
 public:
  struct Plan {
    DirectoryFault fault = DirectoryFault::kFails;
    std::uint64_t change = 0;  // the n-th meets the fault, counted from 1
    std::uint64_t seed = 0;    // of what survives
  };
  // `path` exists and is empty. From now on changes below it are watched.
  FaultyDirectory(const std::string& path, const Plan& plan);
  ~FaultyDirectory();
  FaultyDirectory(const FaultyDirectory&) = delete;
  FaultyDirectory& operator=(const FaultyDirectory&) = delete;

  bool has_struck() const;
  // Nothing is watched any more. What the fault has left becomes the content of `path`, which
  // exists and is empty: after kFails everything, after a power cut what survived it.
  void LeaveAt(const std::string& path);

  class Model;  // private to faulty_directory.cpp

 private:
  std::unique_ptr<Model> model_;
};

}  // namespace eris::test
