#include "state/snapshots/stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <string_view>
#include <system_error>
#include <vector>

#include "schema/base/digest.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "schema/base/unique_fd.h"
#include "schema/values/base_snapshot.h"

namespace eris::snapshots {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartPrefix = ".part-";
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

using OnBytes = std::function<Status(std::string_view)>;

Status ReadToEnd(int fd, const OnBytes& on_bytes) {
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return {};
    if (got < 0 && errno != EINTR) return FailErrno(errno, "cannot read a snapshot's stream");
    if (got > 0) ERIS_TRY(on_bytes({buffer.data(), static_cast<std::size_t>(got)}));
  }
}

Result<Child> StartTar(SpawnOptions options) {
  options.environment = CurrentEnvironment();
  std::erase_if(options.environment, [](const std::string& entry) {
    return entry.starts_with("TAR_OPTIONS=") || entry.starts_with("LC_ALL=");
  });
  options.environment.emplace_back("LC_ALL=C");
  options.stderr_fd = STDERR_FILENO;
  return Spawn(options);
}

Status EndOf(Child& tar) {
  ERIS_ASSIGN(const ExitStatus end, Reap(tar));
  if (end.success()) return {};
  return Fail(ErrorCode::kInternal, "tar: " + ToString(end));
}

// Only names, kinds, modes and contents of files are in it.
std::vector<std::string> PackCommand(const fs::path& directory) {
  return {"tar",        "--create",     "--file=-",    "--format=gnu",     "--sort=name",
          "--mtime=@0", "--owner=0",    "--group=0",   "--numeric-owner",  "--no-xattrs",
          "--no-acls",  "--no-selinux", "--directory", directory.string(), "."};
}

fs::path PartOf(const SnapshotStore& store, const SnapshotStream& stream) {
  return store.PathOf(stream.name.key, std::string(kPartPrefix) + stream.sha256);
}

// What a stream left that is not wanted any more.
Status RemoveOtherParts(const fs::path& part) {
  std::vector<fs::path> others;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(part.parent_path(), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(kPartPrefix) && entry.path() != part) others.push_back(entry.path());
  }
  for (const fs::path& other : others) fs::remove(other, error);
  if (error) return Fail(ErrorCode::kInternal, part.string() + ": " + error.message());
  return {};
}

// Appends `fd` to what is there of the part; the digest is that of all of it.
Result<std::string> Collect(const fs::path& part, const SnapshotStream& stream, int fd,
                            std::uint64_t skip) {
  const UniqueFd file(::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return FailErrno(errno, "cannot open " + part.string());
  Sha256Hasher hasher;
  std::uint64_t bytes = 0;
  if (::ftruncate(file.get(), static_cast<::off_t>(skip)) != 0) {
    return FailErrno(errno, "cannot cut " + part.string());
  }
  const auto count = [&](std::string_view some) -> Status {
    bytes += some.size();
    hasher.Update(some);
    return {};
  };
  ERIS_TRY(ReadToEnd(file.get(), count));
  const auto append = [&](std::string_view some) -> Status {
    ERIS_TRY(WriteAll(file.get(), some));
    return count(some);
  };
  ERIS_TRY(ReadToEnd(fd, append));
  if (bytes < stream.bytes) {
    return Fail(ErrorCode::kUnavailable, "the stream of a snapshot ended early");
  }
  return Hex(hasher.Finish());
}

// A complete part becomes the snapshot.
Status Unpack(const SnapshotStore& store, const SnapshotStream& stream, const fs::path& part) {
  const Status there = store.Verify(stream.name.key, stream.name.id);
  if (!there && there.error().code == ErrorCode::kCorrupt) {
    ERIS_TRY(store.SetAside(stream.name.key, stream.name.id));
  }
  ERIS_ASSIGN(const fs::path staged, store.Stage(stream.name.key));
  Status done = [&]() -> Status {
    SpawnOptions unpack;
    unpack.argv = {"tar",
                   "--extract",
                   "--file",
                   part.string(),
                   "--preserve-permissions",
                   "--no-same-owner",
                   "--directory",
                   staged.string()};
    ERIS_ASSIGN(Child tar, StartTar(std::move(unpack)));
    ERIS_TRY(EndOf(tar));
    return store.Commit(stream.name.key, staged, stream.name.id);
  }();
  if (!done) ERIS_TRY(store.Discard(staged));
  return done;
}

std::string NoteOf(const SnapshotStream& stream) {
  return std::to_string(stream.bytes) + " " + stream.sha256;
}

}  // namespace

Result<SnapshotStream> DescribeBase(const SnapshotStore& store, const SnapshotName& name) {
  const std::string note = store.BaseNote(name.key, name.id);
  const std::size_t blank = note.find(' ');
  const auto bytes = ParseUnsigned(std::string_view(note).substr(0, blank));
  if (!bytes || blank == std::string::npos || !store.StoredChecksum(name.key, name.id)) {
    return DescribeStream(store, name);
  }
  return SnapshotStream{.name = name, .bytes = *bytes, .sha256 = note.substr(blank + 1)};
}

Result<SnapshotStream> DescribeStream(const SnapshotStore& store, const SnapshotName& asked) {
  SnapshotStream stream{.name = asked, .bytes = 0, .sha256 = {}};
  if (stream.name.id.empty()) {
    ERIS_ASSIGN(const auto newest, store.Newest(asked.key));
    if (!newest) {
      return Fail(ErrorCode::kNotFound,
                  "there is no snapshot of " + asked.key.component + " in " + asked.key.container);
    }
    stream.name.id = newest->id;
  }
  ERIS_TRY(store.Verify(stream.name.key, stream.name.id));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  SpawnOptions pack;
  pack.argv = PackCommand(store.PathOf(stream.name.key, stream.name.id));
  pack.stdout_fd = write_end.get();
  ERIS_ASSIGN(Child tar, StartTar(std::move(pack)));
  write_end.Reset();
  Sha256Hasher hasher;
  const Status read = ReadToEnd(read_end.get(), [&](std::string_view some) -> Status {
    stream.bytes += some.size();
    hasher.Update(some);
    return {};
  });
  ERIS_TRY(EndOf(tar));
  ERIS_TRY(read);
  stream.sha256 = Hex(hasher.Finish());
  if (IsBaseSnapshot(stream.name.id)) {
    ERIS_TRY(store.NoteBase(stream.name.key, stream.name.id, NoteOf(stream)));
  }
  return stream;
}

Status SendStream(const SnapshotStore& store, const SnapshotName& name, int fd) {
  SpawnOptions pack;
  pack.argv = PackCommand(store.PathOf(name.key, name.id));
  pack.stdout_fd = fd;
  ERIS_ASSIGN(Child tar, StartTar(std::move(pack)));
  return EndOf(tar);
}

Result<std::optional<std::uint64_t>> ArrivedBytes(const SnapshotStore& store,
                                                  const SnapshotStream& stream, Standing standing) {
  const bool is_base = IsBaseSnapshot(stream.name.id);
  const bool is_there = is_base && standing == Standing::kAsItIs
                            ? store.StoredChecksum(stream.name.key, stream.name.id).has_value()
                            : store.Verify(stream.name.key, stream.name.id).has_value();
  if (is_there) {
    if (!is_base && standing == Standing::kNewest) {
      ERIS_TRY(store.MakeNewest(stream.name.key, stream.name.id));
    }
    return std::nullopt;
  }
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(PartOf(store, stream), error);
  return error ? 0 : bytes;
}

Result<CopiedSnapshot> ReceiveStream(const SnapshotStore& store, const SnapshotStream& stream,
                                     int fd, ReceiveOptions options) {
  const StateKey& key = stream.name.key;
  ERIS_ASSIGN(const UniqueFd lock, store.Lock(key));
  const fs::path part = PartOf(store, stream);
  ERIS_TRY(RemoveOtherParts(part));
  ERIS_ASSIGN(const std::string digest, Collect(part, stream, fd, options.skip));
  Status unpacked =
      digest == stream.sha256
          ? Unpack(store, stream, part)
          : Fail(ErrorCode::kCorrupt, "what came of snapshot " +
                                          SnapshotStore::ReferenceOf(key, stream.name.id) +
                                          " is not what was announced");
  std::error_code error;
  fs::remove(part, error);
  ERIS_TRY(unpacked);
  if (IsBaseSnapshot(stream.name.id)) {
    ERIS_TRY(store.NoteBase(key, stream.name.id, NoteOf(stream)));
  } else {
    ERIS_TRY(store.Collect(key, std::max<std::size_t>(options.keep, 1)));
  }
  ERIS_ASSIGN(const std::uint64_t bytes, BytesOf(store.PathOf(key, stream.name.id)));
  return CopiedSnapshot{SnapshotStore::ReferenceOf(key, stream.name.id), bytes};
}

}  // namespace eris::snapshots
