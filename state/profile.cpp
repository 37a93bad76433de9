#include "state/profile.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "schema/base/directory.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"

namespace eris {
namespace {

constexpr std::string_view kLinkSuffix = "-link";

// Empty when there is no such link.
Result<std::string> ReadLink(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size >= 0) return std::string(target.data(), static_cast<std::size_t>(size));
  if (errno == ENOENT) return std::string{};
  return FailErrno(errno, "cannot read the link " + path);
}

std::optional<std::uint64_t> NumberOf(std::string_view link, std::string_view profile) {
  if (!link.starts_with(profile) || !link.ends_with(kLinkSuffix)) return std::nullopt;
  link.remove_prefix(profile.size());
  link.remove_suffix(kLinkSuffix.size());
  if (!link.starts_with('-')) return std::nullopt;
  const Result<std::uint64_t> number = ParseUnsigned(link.substr(1));
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace

Profile::Profile(std::string directory, std::string name)
    : directory_(std::move(directory)), name_(std::move(name)) {}

std::string Profile::LinkName(std::uint64_t number) const {
  return fmt::format("{}-{}{}", name_, number, kLinkSuffix);
}

Status Profile::CheckName() const {
  if (IsSafeFileName(name_)) return {};
  return Fail(ErrorCode::kInvalid, "'" + name_ + "' cannot be the name of a profile",
              "choose one without '/' that is neither '.' nor '..'");
}

Result<std::string> Profile::CurrentLink() const {
  ERIS_TRY(CheckName());
  return ReadLink(path());
}

Result<StorePath> Profile::Current() const {
  ERIS_ASSIGN(const std::string link, CurrentLink());
  if (link.empty()) return StorePath{};
  ERIS_ASSIGN(std::string target, ReadLink(PathOf(link)));
  if (target.empty()) {
    return Fail(ErrorCode::kCorrupt, fmt::format("{} points to {}, which is gone", path(), link),
                "Deploy again, or remove the link");
  }
  return StorePath(std::move(target));
}

Result<std::vector<std::uint64_t>> Profile::Generations() const {
  std::vector<std::uint64_t> numbers;
  const DirectoryStream directory(::opendir(directory_.c_str()));
  if (directory == nullptr) {
    if (errno == ENOENT) return numbers;
    return FailErrno(errno, "cannot read the directory " + directory_);
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const auto number = NumberOf(entry->d_name, name_)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<Profile::Switch> Profile::Next(const StorePath& path) const {
  ERIS_TRY(CheckName());
  const Result<StorePath> current = Current();
  if (current && *current == path) return Switch{};
  ERIS_ASSIGN(const std::vector<std::uint64_t> numbers, Generations());
  const std::string link = LinkName(numbers.empty() ? 1 : numbers.back() + 1);
  return Switch{.link = link,
                .command = AddRootsCommands(std::span(&path, 1), PathOf(link)).front()};
}

Status Profile::Activate(const std::string& link) const {
  ERIS_TRY(CheckName());
  const std::string temporary = directory_ + "/." + name_ + ".new";
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) {  // a crash left it
    return FailErrno(errno, "cannot remove " + temporary);
  }
  if (::symlink(link.c_str(), temporary.c_str()) != 0) {
    return FailErrno(errno, "cannot make the link " + temporary);
  }
  if (std::rename(temporary.c_str(), path().c_str()) != 0) {
    return FailErrno(errno, "cannot switch the profile " + path());
  }
  return SyncDirectory(directory_);
}

Status Profile::Remove() const {
  ERIS_TRY(CheckName());
  if (::unlink(path().c_str()) != 0) {
    if (errno == ENOENT) return {};
    return FailErrno(errno, "cannot remove the profile " + path());
  }
  return SyncDirectory(directory_);
}

Status Profile::DeleteOldGenerations(std::size_t keep) const {
  ERIS_ASSIGN(const std::string current, CurrentLink());
  ERIS_ASSIGN(const std::vector<std::uint64_t> numbers, Generations());
  const std::size_t old = numbers.size() > keep ? numbers.size() - keep : 0;
  for (std::size_t i = 0; i < old; ++i) {
    const std::string link = LinkName(numbers[i]);
    if (link == current) continue;
    if (::unlink((PathOf(link)).c_str()) != 0 && errno != ENOENT) {
      return FailErrno(errno, "cannot remove " + link);
    }
  }
  return old == 0 ? Status{} : SyncDirectory(directory_);
}

}  // namespace eris
