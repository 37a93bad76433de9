// The shelf of snapshots: stores of state/snapshots, by `dysnomia --snapshots` in child processes,
// which read, hash and sync. A request is about one snapshot, or all generations of a state (ID *);
// a stream that broke off goes on at the chunk where it did.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/bulk/objects.h"
#include "broker/link/loop.h"
#include "broker/link/piped_program.h"

namespace eris::bulk {

// Where a snapshot is kept at this end.
struct SnapshotPlace {
  std::filesystem::path state_dir;
  std::string reference;  // CONTAINER/COMPONENT/ID as this end calls it; without ID: the newest
};

struct SnapshotShelfOptions {
  std::filesystem::path dysnomia;  // the program
  std::vector<std::string> environment;
  // Of an object's name, PROFILE/CONTAINER/COMPONENT/ID. kInvalid when it is none.
  std::function<Result<SnapshotPlace>(const std::string& name)> place;
};

// Owned by a depot's shell or by a request of a worker; uses the loop that outlives it.
class SnapshotShelf final : public Shelf {
 public:
  SnapshotShelf(SnapshotShelfOptions options, link::Loop& loop);
  ~SnapshotShelf() override;

  void List(const std::vector<std::string>& names, Answer<std::vector<ObjectInfo>> answer) override;
  void Lacking(const std::vector<ObjectInfo>& objects,
               Answer<std::vector<std::uint32_t>> answer) override;
  std::uint32_t FirstChunk(const ObjectInfo& object) const override;
  Result<std::unique_ptr<ObjectSource>> Open(const ObjectInfo& object) override;
  Result<std::unique_ptr<ObjectSink>> Create(const ObjectInfo& object) override;

 private:
  // Those from `next` on, one after the other; the newest is the last.
  struct Looking {
    std::vector<ObjectInfo> objects;
    std::size_t next = 0;
    std::vector<std::uint32_t> lacking = {};
    Answer<std::vector<std::uint32_t>> answer;
  };
  void Look(Looking looking);
  // Runs it to its end; what it prints.
  void Ask(const std::vector<std::string>& words, Answer<std::string> answer);
  link::PipedProgram::Options Command(const std::vector<std::string>& words) const;

  SnapshotShelfOptions options_;
  link::Loop& loop_;
  struct Asking {
    std::unique_ptr<link::PipedProgram> program;
    std::string output;
  };
  std::map<std::uint64_t, Asking> asking_;
  std::uint64_t last_ = 0;
  std::map<std::string, std::uint64_t> arrived_;  // bytes, by digest of the stream
  std::shared_ptr<bool> alive_;
};

// A depot's: PROFILE is a directory below `root`.
std::function<Result<SnapshotPlace>(const std::string& name)> PlacesBelow(
    std::filesystem::path root);

}  // namespace eris::bulk
