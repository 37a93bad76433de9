#include "dysnomia/modules/dump.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "schema/base/command.h"
#include "schema/base/files.h"
#include "schema/base/process.h"
#include "schema/base/system_error.h"
#include "schema/base/unique_fd.h"

namespace eris::dysnomia {
namespace {

namespace fs = std::filesystem;
using snapshots::SnapshotStore;
using snapshots::StateKey;

Status Judge(const std::vector<std::string>& argv, const ExitStatus& end) {
  if (end.success()) return {};
  return Fail(ErrorCode::kInvalid, argv.front() + ": " + ToString(end));
}

// One thread and one level: the same state gives the same bytes.
const std::vector<std::string> kCompress = {"xz", "--compress", "--stdout", "--threads=1", "-1"};

Status Dump(const StreamProgram& dump, const std::string& tail, const fs::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return FailErrno(errno, "cannot make " + file.string());
  ERIS_TRY(RunPipeline({.first = dump.argv,
                        .second = kCompress,
                        .output_fd = fd.get(),
                        .environment = dump.environment}));
  if (tail.empty()) return {};
  // Streams of xz one after the other are one stream.
  CommandOptions options;
  options.environment = dump.environment;
  options.input = tail;
  ERIS_ASSIGN(const CommandOutput compressed, RunCommand(kCompress, options));
  ERIS_TRY(Judge(kCompress, compressed.status));
  return WriteAll(fd.get(), compressed.stdout_text);
}

}  // namespace

StateKey StateKeyOf(const ActivityContext& context) {
  return {context.container, context.ComponentName()};
}

Status RunPipeline(const Pipeline& pipeline) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return FailErrno(errno, "cannot make a pipe");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  SpawnOptions options;
  options.environment = pipeline.environment;
  options.stderr_fd = STDERR_FILENO;
  options.argv = pipeline.first;
  options.stdout_fd = write_end.get();
  ERIS_ASSIGN(Child first, Spawn(options));
  write_end.Reset();
  options.argv = pipeline.second;
  options.stdin_fd = read_end.get();
  options.stdout_fd = pipeline.output_fd;
  auto second = Spawn(options);
  read_end.Reset();
  ERIS_ASSIGN(const ExitStatus first_end, Reap(first));
  if (!second) return Fail(Error(second.error()));
  ERIS_ASSIGN(const ExitStatus second_end, Reap(*second));
  // The second one first: where it fails, the first fails for want of a reader.
  ERIS_TRY(Judge(pipeline.second, second_end));
  const bool may_end_so =
      first_end.kind == ExitStatus::Kind::kExited && first_end.value == pipeline.first_may_end_with;
  return may_end_so ? Status() : Judge(pipeline.first, first_end);
}

Status TakeDump(const ActivityContext& context, std::string_view file_name,
                const StreamProgram& dump, const std::string& tail) {
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const fs::path staged, store.Stage(key));
  const auto committed = [&]() -> Result<std::string> {
    ERIS_TRY(Dump(dump, tail, staged / file_name));
    ERIS_ASSIGN(std::string id, snapshots::FileDigestOf(staged / file_name));
    ERIS_TRY(store.Commit(key, staged, id));
    return id;
  }();
  if (!committed) {
    ERIS_TRY(store.Discard(staged));
    return Fail(Error(committed.error()));
  }
  Say("snapshot " + SnapshotStore::ReferenceOf(key, *committed));
  return {};
}

Result<fs::path> NewestDump(const ActivityContext& context, std::string_view file_name) {
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const auto newest, store.Newest(key));
  if (!newest) return Fail(ErrorCode::kNotFound, "there is no snapshot to restore");
  ERIS_TRY(store.Verify(key, newest->id));
  Say("restoring " + SnapshotStore::ReferenceOf(key, newest->id));
  return store.PathOf(key, newest->id) / file_name;
}

Status LoadDump(const fs::path& file, const StreamProgram& load) {
  return RunPipeline({.first = {"xz", "--decompress", "--stdout", "--", file.string()},
                      .second = load.argv,
                      .output_fd = STDOUT_FILENO,
                      .environment = load.environment});
}

Status LoadFile(const fs::path& file, const StreamProgram& load) {
  return RunPipeline({.first = {"cat", "--", file.string()},
                      .second = load.argv,
                      .output_fd = STDOUT_FILENO,
                      .environment = load.environment});
}

}  // namespace eris::dysnomia
