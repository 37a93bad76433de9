// `dysnomia --snapshots VERB …`: what a worker does with snapshot stores beside its loop. Bytes are
// read, hashed and synced here, in a child process.
//
//   copy FROM_STATEDIR REFERENCE TO_STATEDIR CONTAINER COMPONENT   prints "REFERENCE BYTES"
//   select STATEDIR REFERENCE      checks it and makes it the newest: what `restore` will take
//   newest STATEDIR CONTAINER COMPONENT                             prints "REFERENCE BYTES", or
//                                                                   nothing
#pragma once

#include <string>
#include <vector>

#include "schema/base/error.h"

namespace eris::dysnomia {

// Returns what it prints.
Result<std::string> RunSnapshotCommand(const std::vector<std::string>& words);

}  // namespace eris::dysnomia
