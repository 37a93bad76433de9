// For modules whose state is one stream: a program writes it, xz compresses it into a snapshot of
// one file, and the other way round. Nothing is held in memory; no shell; both ends are looked at.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/module.h"
#include "state/snapshots/store.h"

namespace eris::dysnomia {

// FIRST | SECOND. Standard input of the first and output of the second are a file or nothing.
struct Pipeline {
  std::vector<std::string> first;
  std::vector<std::string> second;
  int output_fd = 1;
  std::vector<std::string> environment;  // "NAME=VALUE", all of it
  int first_may_end_with = 0;            // an exit status that is no failure of the first
};
Status RunPipeline(const Pipeline& pipeline);

// A program that reads or writes a stream.
struct StreamProgram {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
};

snapshots::StateKey StateKeyOf(const ActivityContext& context);

// A snapshot with the one file `file_name`: what `dump` writes and then `tail`, compressed. Its id
// is the digest of the file, so that unchanged state adds nothing.
Status TakeDump(const ActivityContext& context, std::string_view file_name,
                const StreamProgram& dump, const std::string& tail = {});

// The newest snapshot's file, checked. kNotFound when there is none.
Result<std::filesystem::path> NewestDump(const ActivityContext& context,
                                         std::string_view file_name);
// Uncompressed into `load`.
Status LoadDump(const std::filesystem::path& file, const StreamProgram& load);
// As it is into `load`.
Status LoadFile(const std::filesystem::path& file, const StreamProgram& load);

}  // namespace eris::dysnomia
