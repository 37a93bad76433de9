// fileset: links and folders in a directory of the machine (targetDir). The component says which in
// .dysnomia-fileset, one a line:
//
//   symlink ABSOLUTE    what the following targets link to
//   target FOLDER       FOLDER/NAME becomes a link to it
//   mkdir FOLDER        a folder that holds state; it is what snapshots are made of
//
// FOLDERs are below targetDir. Properties: targetDir (else .dysnomia-targetdir), filesetOwner
// "user:group" (else .dysnomia-filesetowner, else whoever runs this).
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "dysnomia/modules/built_in.h"
#include "dysnomia/modules/dump.h"
#include "dysnomia/modules/file_tree.h"
#include "schema/base/files.h"
#include "schema/base/system_error.h"
#include "schema/base/text.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {
namespace fileset_module {
namespace {

namespace fs = std::filesystem;
using snapshots::SnapshotStore;
using snapshots::StateKey;

constexpr std::size_t kMaxText = 1U << 20U;

struct Link {
  fs::path path;  // below the target directory
  fs::path to;
};

// What the component says.
struct Fileset {
  fs::path target_dir;
  std::string owner;
  std::vector<Link> links;
  std::vector<std::string> folders;  // below the target directory
};

Result<std::string> FirstLine(const fs::path& file) {
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMaxText));
  return std::string(Trim(Split(text, '\n').front()));
}

// Below the target directory for sure: what is named here is removed one day.
Status CheckBelow(std::string_view path) {
  const fs::path normal = fs::path(path).lexically_normal();
  const bool leaves = normal.is_absolute() || (!normal.empty() && *normal.begin() == "..");
  if (!path.empty() && !leaves) return {};
  return Fail(ErrorCode::kInvalid, "'" + std::string(path) + "' is not below the target directory");
}

Status AddLine(Fileset& fileset, fs::path& symlink, std::string_view line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view action = line.substr(0, blank);
  const std::string path(Trim(line.substr(blank)));
  if (action == "symlink") {
    symlink = path;
    return {};
  }
  if (action != "target" && action != "mkdir") {
    return Fail(ErrorCode::kInvalid, "unknown action '" + std::string(action) + "'",
                "there are symlink, target and mkdir");
  }
  ERIS_TRY(CheckBelow(path));
  const fs::path normal = (fs::path(path) / "").lexically_normal().parent_path();
  if (action == "mkdir") {
    if (normal.empty() || normal == ".") {
      return Fail(ErrorCode::kInvalid, "'" + path + "' is the target directory itself");
    }
    fileset.folders.push_back(normal.string());
    return {};
  }
  if (symlink.empty()) return Fail(ErrorCode::kInvalid, "a target before its symlink");
  fileset.links.push_back({normal / symlink.filename(), symlink});
  return {};
}

Status ReadLines(const fs::path& file, Fileset& fileset) {
  ERIS_ASSIGN(const std::string text, ReadFile(file.string(), kMaxText));
  fs::path symlink;
  for (const std::string_view line : Split(text, '\n')) {
    if (Trim(line).empty()) continue;
    Status added = AddLine(fileset, symlink, Trim(line));
    if (!added) return Fail(std::move(added).error().In(file.string()));
  }
  return {};
}

Result<Fileset> ReadFileset(const ActivityContext& context) {
  Fileset fileset;
  std::string target_dir = context.Property("targetDir", "");
  if (target_dir.empty()) {
    ERIS_ASSIGN(target_dir, FirstLine(context.component / ".dysnomia-targetdir"));
  }
  fileset.target_dir = target_dir;
  if (!fileset.target_dir.is_absolute()) {
    return Fail(ErrorCode::kInvalid, "targetDir '" + target_dir + "' is no absolute path");
  }
  const fs::path owner_file = context.component / ".dysnomia-filesetowner";
  fileset.owner = context.Property("filesetOwner", "");
  if (fileset.owner.empty() && FileExists(owner_file.string())) {
    ERIS_ASSIGN(fileset.owner, FirstLine(owner_file));
  }
  if (fileset.owner.empty()) {
    fileset.owner = std::to_string(::geteuid()) + ":" + std::to_string(::getegid());
  }
  ERIS_TRY(ReadLines(context.component / ".dysnomia-fileset", fileset));
  return fileset;
}

Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return Fail(ErrorCode::kInternal, "cannot make " + folder.string() + ": " + error.message());
}

bool IsLinkTo(const fs::path& path, const fs::path& to) {
  std::error_code error;
  return fs::read_symlink(path, error) == to && !error;
}

Status MakeLink(const fs::path& path, const fs::path& to) {
  if (IsLinkTo(path, to)) return {};
  ERIS_TRY(MakeFolder(path.parent_path()));
  std::error_code error;
  const auto type = fs::symlink_status(path, error).type();
  if (type != fs::file_type::not_found && type != fs::file_type::symlink) {
    return Fail(ErrorCode::kConflict, path.string() + " is in the way of a link to " + to.string(),
                "move it elsewhere");
  }
  const fs::path temporary = path.native() + ".dysnomia-new";
  if ((::unlink(temporary.c_str()) != 0 && errno != ENOENT) ||
      ::symlink(to.c_str(), temporary.c_str()) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    return FailErrno(errno, "cannot link " + path.string());
  }
  return {};
}

// Removes folders that became empty, up to the target directory.
void RemoveEmptyFolders(const fs::path& target_dir, fs::path below) {
  while (!below.empty() && below != "." && ::rmdir((target_dir / below).c_str()) == 0) {
    below = below.parent_path();
  }
}

Status ChangeOwner(const ActivityContext& context, const Fileset& fileset,
                   const std::vector<std::string>& options, const std::string& folder) {
  std::vector<std::string> argv{"chown"};
  argv.insert(argv.end(), options.begin(), options.end());
  argv.insert(argv.end(), {"--", fileset.owner, (fileset.target_dir / folder).string()});
  return RunTool(context, argv);
}

Status Activate(const ActivityContext& context, const Fileset& fileset) {
  ERIS_TRY(MakeFolder(fileset.target_dir));
  for (const std::string& folder : fileset.folders) {
    ERIS_TRY(MakeFolder(fileset.target_dir / folder));
    ERIS_TRY(ChangeOwner(context, fileset, {}, folder));
  }
  for (const Link& link : fileset.links) {
    ERIS_TRY(MakeLink(fileset.target_dir / link.path, link.to));
  }
  return SnapshotStore(context.state_dir).MarkActive(StateKeyOf(context));
}

Status Deactivate(const ActivityContext& context, const Fileset& fileset) {
  for (const Link& link : fileset.links) {
    // One that leads elsewhere belongs to another version by now.
    const fs::path path = fileset.target_dir / link.path;
    if (IsLinkTo(path, link.to) && ::unlink(path.c_str()) != 0) {
      return FailErrno(errno, "cannot remove " + path.string());
    }
    RemoveEmptyFolders(fileset.target_dir, link.path.parent_path());
  }
  return SnapshotStore(context.state_dir).MarkGarbage(StateKeyOf(context));
}

FileTree TreeOf(const Fileset& fileset) {
  FileTree tree{.root = fileset.target_dir, .folders = fileset.folders};
  std::sort(tree.folders.begin(), tree.folders.end());
  return tree;
}

Status Snapshot(const ActivityContext& context, const Fileset& fileset) {
  if (fileset.folders.empty()) {
    Say("it has no folder that holds state");
    return {};
  }
  return TakeTree(context, TreeOf(fileset));
}

// Unpacks beside the folders and only then replaces them: a snapshot that cannot be read costs
// nothing.
Status Unpack(const ActivityContext& context, const Fileset& fileset, std::string_view id) {
  std::string unpacked = fileset.target_dir / ".dysnomia-restore-XXXXXX";
  if (::mkdtemp(unpacked.data()) == nullptr) return FailErrno(errno, "cannot make " + unpacked);
  Status done = [&]() -> Status {
    ERIS_TRY(UnpackTree(context, {.root = unpacked, .folders = fileset.folders}, id));
    for (const std::string& folder : fileset.folders) {
      const fs::path from = fs::path(unpacked) / folder;
      const fs::path to = fileset.target_dir / folder;
      if (!FileExists(from.string())) continue;
      ERIS_TRY(RemoveTree(to.string()));
      ERIS_TRY(MakeFolder(to.parent_path()));
      if (::rename(from.c_str(), to.c_str()) != 0)
        return FailErrno(errno, "cannot make " + to.string());
      ERIS_TRY(ChangeOwner(context, fileset, {"--recursive"}, folder));
    }
    return {};
  }();
  ERIS_TRY(RemoveTree(unpacked));
  return done;
}

Status Restore(const ActivityContext& context, const Fileset& fileset) {
  const SnapshotStore store(context.state_dir);
  const StateKey key = StateKeyOf(context);
  ERIS_ASSIGN(const auto newest, store.Newest(key));
  if (!newest) {
    Say("there is no snapshot to restore");
    return {};
  }
  ERIS_TRY(store.Verify(key, newest->id));
  ERIS_TRY(MakeFolder(fileset.target_dir));
  ERIS_TRY(Unpack(context, fileset, newest->id));
  Say("restored " + SnapshotStore::ReferenceOf(key, newest->id));
  return {};
}

Status DeleteState(const ActivityContext& context, const Fileset& fileset) {
  const SnapshotStore store(context.state_dir);
  if (!store.IsGarbage(StateKeyOf(context))) {
    Say("nothing here is garbage");
    return {};
  }
  for (const std::string& folder : fileset.folders) {
    ERIS_TRY(RemoveTree((fileset.target_dir / folder).string()));
    RemoveEmptyFolders(fileset.target_dir, fs::path(folder).parent_path());
  }
  return store.UnmarkGarbage(StateKeyOf(context));
}

Status Run(const ActivityContext& context) {
  ERIS_ASSIGN(const Fileset fileset, ReadFileset(context));
  switch (context.kind) {
    case ActivityKind::kActivate:
      return Activate(context, fileset);
    case ActivityKind::kDeactivate:
      return Deactivate(context, fileset);
    case ActivityKind::kSnapshot:
      return Snapshot(context, fileset);
    case ActivityKind::kBase:
      return TakeBase(context, TreeOf(fileset));
    case ActivityKind::kRestore:
      return Restore(context, fileset);
    case ActivityKind::kDeleteState:
      return DeleteState(context, fileset);
    case ActivityKind::kLock:
    case ActivityKind::kUnlock:
    case ActivityKind::kStatus:
    case ActivityKind::kShell:
      break;
  }
  return Fail(ErrorCode::kInternal, "fileset has no such activity");
}

Result<ComponentStatus> QueryStatus(const ActivityContext& context) {
  ERIS_ASSIGN(const Fileset fileset, ReadFileset(context));
  const bool links = std::all_of(fileset.links.begin(), fileset.links.end(), [&](const Link& link) {
    return IsLinkTo(fileset.target_dir / link.path, link.to);
  });
  const bool folders =
      std::all_of(fileset.folders.begin(), fileset.folders.end(), [&](const std::string& folder) {
        return FileExists((fileset.target_dir / folder).string());
      });
  const bool active = SnapshotStore(context.state_dir).IsActive(StateKeyOf(context));
  return links && folders && active ? ComponentStatus::kActive : ComponentStatus::kInactive;
}

}  // namespace
}  // namespace fileset_module

const BuiltInModule& FilesetModule() {
  static const BuiltInModule kModule = [] {
    BuiltInModule made;
    made.name = "fileset";
    for (const ActivityKind kind :
         {ActivityKind::kActivate, ActivityKind::kDeactivate, ActivityKind::kSnapshot,
          ActivityKind::kRestore, ActivityKind::kDeleteState, ActivityKind::kStatus,
          ActivityKind::kBase}) {
      made.activities.Add(kind);
    }
    made.run = fileset_module::Run;
    made.status = fileset_module::QueryStatus;
    return made;
  }();
  return kModule;
}

}  // namespace eris::dysnomia
