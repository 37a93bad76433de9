// `dysnomia --snapshots VERB …`: what a worker does with snapshot stores beside its loop. Bytes are
// read, hashed and synced here, in a child process.
//
//   copy FROM_STATEDIR REFERENCE TO_STATEDIR CONTAINER COMPONENT   prints "REFERENCE BYTES"; with
//   the
//                                                                   id * all generations, the
//                                                                   newest last: prints that one
//   select STATEDIR REFERENCE      checks it and makes it the newest (a base is only checked): what
//                                  `restore` will take;
//                                                                   prints "REFERENCE BYTES"
//   taken STATEDIR CONTAINER COMPONENT     the newest, which a module has just taken: old ones go;
//                                                                   prints "REFERENCE BYTES", or
//                                                                   nothing
//   base STATEDIR CONTAINER COMPONENT      the base that a module has just taken: prints "REFERENCE
//                                          BYTES", or nothing
//   drop-bases STATEDIR            deletes bases that no snapshot and no open transaction needs
//   clean STATEDIR KEEP CONTAINER COMPONENT   deletes all but the newest KEEP generations (empty
//                                             names: of any); prints "freed BYTES"
// and between machines, as streams (state/snapshots/stream.h):
//
//   describe STATEDIR REFERENCE                            prints "REFERENCE BYTES SHA256"; with
//   the
//                                                          id * a line for each generation; before
//                                                          an increment that of its base
//   arrived STATEDIR REFERENCE BYTES SHA256 newest|older   prints how many bytes, or "all": it is
//                                                          the newest then, or stays as it stands
//   send STATEDIR REFERENCE                                the stream, to standard output
//   receive STATEDIR REFERENCE BYTES SHA256 SKIP           the stream, but for SKIP bytes, from
//                                                          standard input; prints "REFERENCE BYTES"
#pragma once

#include <string>
#include <vector>

#include "schema/base/error.h"

namespace eris::dysnomia {

// Returns what it prints.
Result<std::string> RunSnapshotCommand(const std::vector<std::string>& words);

}  // namespace eris::dysnomia
