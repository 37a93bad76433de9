#include "planner/models/internal/profile_packages.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace eris {
namespace {

template <typename Row>
std::span<const Row> RowsOf(const std::vector<Row>& rows, const TargetName& target) {
  const auto first = std::partition_point(rows.begin(), rows.end(),
                                          [&](const Row& row) { return row.target < target; });
  const auto last =
      std::partition_point(first, rows.end(), [&](const Row& row) { return row.target <= target; });
  return {first, last};
}

constexpr std::size_t kHashAndDash = 33;

std::string_view StoreName(std::string_view path) {
  const std::string_view base = path.substr(path.rfind('/') + 1);
  return base.size() > kHashAndDash ? base.substr(kHashAndDash) : std::string_view{};
}

// Nix calls the output "out" like the derivation, every other NAME-OUTPUT.
std::string OutputOf(const std::string& path, const std::string& derivation) {
  constexpr std::string_view kSuffix = ".drv";
  std::string_view name = StoreName(derivation);
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  const std::string_view output = StoreName(path);
  if (output.size() <= name.size() + 1 || !output.starts_with(name)) return "out";
  return std::string(output.substr(name.size() + 1));
}

}  // namespace

std::span<const Mapping> MappingsOf(const Manifest& manifest, const TargetName& target) {
  return RowsOf(manifest.mappings, target);
}

std::span<const SnapshotMapping> SnapshotMappingsOf(const Manifest& manifest,
                                                    const TargetName& target) {
  return RowsOf(manifest.snapshot_mappings, target);
}

std::vector<ProfilePackage> PackagesOf(const Manifest& manifest, const TargetName& target) {
  std::vector<ProfilePackage> packages;
  for (const Mapping& mapping : MappingsOf(manifest, target)) {
    const Service& service = manifest.services.at(mapping.service);
    packages.push_back({service.package.text, service.derivation.text, {}});
    if (!service.derivation.empty()) {
      packages.back().output = OutputOf(service.package.text, service.derivation.text);
    }
  }
  std::sort(packages.begin(), packages.end(), [](const auto& a, const auto& b) {
    return std::tuple(StoreName(a.path), std::string_view(a.path)) <
           std::tuple(StoreName(b.path), std::string_view(b.path));
  });
  const auto same_path = [](const auto& a, const auto& b) { return a.path == b.path; };
  packages.erase(std::unique(packages.begin(), packages.end(), same_path), packages.end());
  return packages;
}

}  // namespace eris
