// Snapshots of folders: whole ones, and what is taken while everything runs (a base) with what has
// changed since (an increment). Owns their files:
//
//   state.tar.xz    whole, base: everything; increment: the changed files, and all folders
//   files           base, increment: everything that is there, each with what it is by content
//   increment-of    increment: the ID of its base
//
// A base may be of no single instant. What makes that harmless: its list is made of what is in its
// archive; an increment has whatever differs from that list; and what is put together from both is
// held against the increment's own list before it is used.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/module.h"

namespace eris::dysnomia {

struct FileTree {
  std::filesystem::path root;
  std::vector<std::string> folders;  // below the root
};

// The newest snapshot is one of these folders then: an increment, where $DYSNOMIA_SNAPSHOT_BASE
// names a base that is there. Precondition: there is a folder, and nobody writes.
Status TakeTree(const ActivityContext& context, const FileTree& tree);
// The newest base, likewise; others may write. Nothing happens where there is no folder.
Status TakeBase(const ActivityContext& context, const FileTree& tree);
// What the snapshot holds, below an empty root. Precondition: it was verified. kCorrupt when it
// does not come out as it was listed.
Status UnpackTree(const ActivityContext& context, const FileTree& tree, std::string_view id);

}  // namespace eris::dysnomia
