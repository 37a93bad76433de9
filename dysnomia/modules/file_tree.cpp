#include "dysnomia/modules/file_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <system_error>

#include "dysnomia/modules/dump.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "schema/base/unique_fd.h"
#include "schema/values/base_snapshot.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace file_tree {
namespace {

namespace fs = std::filesystem;
using snapshots::SnapshotStore;
using snapshots::StateKey;

constexpr std::string_view kArchive = "state.tar.xz";
constexpr std::string_view kFiles = "files";
constexpr std::size_t kMaxListing = std::size_t{1} << 30U;
constexpr int kTarSawChanges = 1;  // "file changed as we read it", "file removed before we read it"

// What is there: "KIND MODE SECONDS CONTENT" by path, which stands behind it in the file, each
// ended by a zero byte. Kinds are f(ile), d(irectory), l(ink), and o(ther).
using Listing = std::map<std::string, std::string, std::less<>>;

bool IsFolder(const std::string& what) { return what.starts_with("d "); }

std::string InHex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string Facts(char kind, const struct stat& entry, std::string_view content) {
  char text[64];
  std::snprintf(text, sizeof text, "%c %o %lld ", kind,
                static_cast<unsigned>(entry.st_mode) & 07777U,
                static_cast<long long>(entry.st_mtim.tv_sec));
  return text + std::string(content);
}

// Empty for what no archive holds.
Result<std::string> WhatIs(const fs::path& path) {
  struct stat entry {};
  if (::lstat(path.c_str(), &entry) != 0)
    return FailErrno(errno, "cannot look at " + path.string());
  if (S_ISSOCK(entry.st_mode)) return std::string();
  if (S_ISDIR(entry.st_mode)) return Facts('d', entry, "-");
  if (S_ISREG(entry.st_mode)) {
    ERIS_ASSIGN(const std::string digest, snapshots::FileDigestOf(path));
    return Facts('f', entry, digest);
  }
  if (!S_ISLNK(entry.st_mode)) return Facts('o', entry, "-");
  std::error_code error;
  const fs::path to = fs::read_symlink(path, error);
  if (error) return Fail(ErrorCode::kInternal, path.string() + ": " + error.message());
  return "l 0 0 " + InHex(to.native());
}

Status Add(const fs::path& root, const std::string& path, Listing& listing) {
  ERIS_ASSIGN(std::string what, WhatIs(root / path));
  if (!what.empty()) listing.emplace(path, std::move(what));
  return {};
}

Result<Listing> List(const FileTree& tree) {
  Listing listing;
  for (const std::string& folder : tree.folders) {
    ERIS_TRY(Add(tree.root, folder, listing));
    std::error_code error;
    fs::recursive_directory_iterator entry(tree.root / folder, error);
    for (const fs::recursive_directory_iterator end; !error && entry != end;
         entry.increment(error)) {
      ERIS_TRY(Add(tree.root, entry->path().lexically_relative(tree.root).native(), listing));
    }
    if (error) {
      return Fail(ErrorCode::kInternal, (tree.root / folder).string() + ": " + error.message());
    }
  }
  return listing;
}

std::string TextOf(const Listing& listing) {
  std::string text;
  for (const auto& [path, what] : listing) text += what + ' ' + path + '\0';
  return text;
}

Result<Listing> ReadListing(const fs::path& file) {
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMaxListing));
  Listing listing;
  for (const std::string_view line : Split(text, '\0')) {
    if (line.empty()) continue;
    std::size_t end = 0;
    for (int word = 0; word < 4 && end != std::string_view::npos; ++word) {
      end = line.find(' ', word == 0 ? 0 : end + 1);
    }
    if (end == std::string_view::npos) {
      return Fail(ErrorCode::kCorrupt, file.string() + " is no list of files");
    }
    listing.emplace(line.substr(end + 1), line.substr(0, end));
  }
  return listing;
}

Status WriteText(const fs::path& file, std::string_view text) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot make " + file.string());
  return WriteAll(fd.get(), text);
}

// The same files give the same bytes, whatever the order of the directory.
struct Packing {
  std::vector<std::string> what;  // words of `tar`
  int may_end_with = 0;
};
Status Pack(const ActivityContext& context, const FileTree& tree, const Packing& packing,
            const fs::path& archive) {
  const UniqueFd file(::open(archive.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return FailErrno(errno, "cannot make " + archive.string());
  Pipeline pipeline{.first = {"tar", "--create", "--file=-", "--format=gnu", "--sort=name",
                              "--numeric-owner", "--directory=" + tree.root.string()},
                    .second = {"xz", "--compress", "--stdout", "--threads=1"},
                    .output_fd = file.get(),
                    .environment = context.EnvironmentList(),
                    .first_may_end_with = packing.may_end_with};
  pipeline.first.insert(pipeline.first.end(), packing.what.begin(), packing.what.end());
  return RunPipeline(pipeline);
}

Packing Everything(const FileTree& tree) {
  Packing packing{.what = {"--"}};
  packing.what.insert(packing.what.end(), tree.folders.begin(), tree.folders.end());
  return packing;
}

Status Extract(const ActivityContext& context, const fs::path& archive, const fs::path& into) {
  return RunPipeline({.first = {"xz", "--decompress", "--stdout", "--", archive.string()},
                      .second = {"tar", "--extract", "--file=-", "--numeric-owner",
                                 "--preserve-permissions", "--directory=" + into.string()},
                      .environment = context.EnvironmentList()});
}

// Fills a staged snapshot; returns its ID.
using Fill = std::function<Result<std::string>(const fs::path& staged)>;

Result<std::string> Take(const SnapshotStore& store, const StateKey& key, const Fill& fill) {
  ERIS_ASSIGN(const fs::path staged, store.Stage(key));
  auto taken = [&]() -> Result<std::string> {
    ERIS_ASSIGN(std::string id, fill(staged));
    ERIS_TRY(store.Commit(key, staged, id));
    return id;
  }();
  if (!taken) ERIS_TRY(store.Discard(staged));
  return taken;
}

// What the archive holds, by unpacking it beside.
Result<Listing> ListArchive(const ActivityContext& context, const FileTree& tree,
                            const fs::path& archive) {
  const SnapshotStore store(context.state_dir);
  ERIS_ASSIGN(const fs::path unpacked, store.Stage(StateKeyOf(context)));
  auto listing = [&]() -> Result<Listing> {
    ERIS_TRY(Extract(context, archive, unpacked));
    return List({.root = unpacked, .folders = tree.folders});
  }();
  ERIS_TRY(store.Discard(unpacked));
  return listing;
}

// Whatever is not in the base as it is now, and all folders, for what they are when they are full.
Status PackChanges(const ActivityContext& context, const FileTree& tree, const Listing& base,
                   const Listing& now, const fs::path& staged) {
  std::string changed;
  for (const auto& [path, what] : now) {
    const auto before = base.find(path);
    if (IsFolder(what) || before == base.end() || before->second != what) changed += path + '\0';
  }
  const fs::path names = staged / ".changed";
  ERIS_TRY(WriteText(names, changed));
  ERIS_TRY(Pack(context, tree,
                {.what = {"--no-recursion", "--null", "--files-from=" + names.string()}},
                staged / kArchive));
  if (::unlink(names.c_str()) != 0) return FailErrno(errno, "cannot remove " + names.string());
  return {};
}

Result<std::string> TakeIncrement(const ActivityContext& context, const FileTree& tree,
                                  const std::string& base) {
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const Listing before, ReadListing(store.PathOf(key, base) / kFiles));
  ERIS_ASSIGN(const Listing now, List(tree));
  return Take(store, key, [&](const fs::path& staged) -> Result<std::string> {
    ERIS_TRY(WriteText(staged / kIncrementOfFile, base));
    ERIS_TRY(WriteText(staged / kFiles, TextOf(now)));
    // Without the archive: it follows from these two.
    ERIS_ASSIGN(const std::string sum, snapshots::ChecksumOf(staged));
    ERIS_TRY(PackChanges(context, tree, before, now, staged));
    return sum.substr(sum.find(':') + 1);
  });
}

// What the base has and the increment has not, or otherwise; children first.
Status RemoveOutdated(const FileTree& tree, const Listing& wanted) {
  ERIS_ASSIGN(const Listing found, List(tree));
  for (auto entry = found.rbegin(); entry != found.rend(); ++entry) {
    const auto& [path, what] = *entry;
    const auto same = wanted.find(path);
    const bool stays = same != wanted.end() &&
                       (same->second == what || (IsFolder(same->second) && IsFolder(what)));
    if (!stays) ERIS_TRY(RemoveTree((tree.root / path).string()));
  }
  return {};
}

Status UnpackIncrement(const ActivityContext& context, const FileTree& tree,
                       const fs::path& increment) {
  ERIS_ASSIGN(const Listing wanted, ReadListing(increment / kFiles));
  ERIS_TRY(RemoveOutdated(tree, wanted));
  ERIS_TRY(Extract(context, increment / kArchive, tree.root));
  ERIS_ASSIGN(const Listing found, List(tree));
  if (found == wanted) return {};
  return Fail(ErrorCode::kCorrupt,
              "base and increment do not give what " + (increment / kFiles).string() + " says",
              "restore another snapshot");
}

}  // namespace
}  // namespace file_tree

Status TakeTree(const ActivityContext& context, const FileTree& tree) {
  using namespace file_tree;
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  const std::string base = context.Property(kBaseVariable, "");
  const bool has_base =
      IsBaseSnapshot(base) && IsSafeFileName(base) && store.StoredChecksum(key, base).has_value();
  if (!base.empty() && !has_base) Say("base " + base + " is not there: all is taken");
  ERIS_ASSIGN(const std::string id,
              has_base ? TakeIncrement(context, tree, base)
                       : Take(store, key, [&](const fs::path& staged) -> Result<std::string> {
                           ERIS_TRY(Pack(context, tree, Everything(tree), staged / kArchive));
                           return snapshots::FileDigestOf(staged / kArchive);
                         }));
  Say((has_base ? "increment " : "snapshot ") + SnapshotStore::ReferenceOf(key, id));
  return {};
}

Status TakeBase(const ActivityContext& context, const FileTree& tree) {
  using namespace file_tree;
  if (tree.folders.empty()) {
    Say("it has no folder that holds state");
    return {};
  }
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const std::string id,
              Take(store, key, [&](const fs::path& staged) -> Result<std::string> {
                Packing packing = Everything(tree);
                packing.may_end_with = kTarSawChanges;
                ERIS_TRY(Pack(context, tree, packing, staged / kArchive));
                ERIS_ASSIGN(const Listing listing, ListArchive(context, tree, staged / kArchive));
                ERIS_TRY(WriteText(staged / kFiles, TextOf(listing)));
                ERIS_ASSIGN(const std::string digest, snapshots::FileDigestOf(staged / kArchive));
                return std::string(kBasePrefix) + digest;
              }));
  Say("base " + SnapshotStore::ReferenceOf(key, id));
  return {};
}

Status UnpackTree(const ActivityContext& context, const FileTree& tree, std::string_view id) {
  using namespace file_tree;
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const std::string base, store.BaseOf(key, id));
  const fs::path snapshot = store.PathOf(key, id);
  ERIS_TRY(
      Extract(context, (base.empty() ? snapshot : store.PathOf(key, base)) / kArchive, tree.root));
  return base.empty() ? Status() : UnpackIncrement(context, tree, snapshot);
}

}  // namespace eris::dysnomia
