#include "worker/vitals.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>

namespace eris {
namespace {

std::uint64_t FreeBytes(const std::string& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return 0;
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

}  // namespace

Vitals ReadVitals(const std::string& store_dir, const std::string& state_dir) {
  constexpr double kMilli = 1000;
  Vitals vitals;
  double load = 0;
  if (::getloadavg(&load, 1) == 1) vitals.load_milli = static_cast<std::uint32_t>(load * kMilli);
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (cores > 0) vitals.cores = static_cast<std::uint32_t>(cores);
  vitals.store_free_bytes = FreeBytes(store_dir);
  vitals.state_free_bytes = FreeBytes(state_dir);
  return vitals;
}

}  // namespace eris
