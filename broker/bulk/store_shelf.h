// The shelf of store paths: this machine's Nix store, by `nix-store --serve`.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/bulk/objects.h"
#include "broker/bulk/store_process.h"
#include "broker/link/loop.h"
#include "broker/link/piped_program.h"

namespace eris::bulk {

enum class Trust : std::uint8_t {
  kSender,   // Nix holds the bytes against the announced hash; enough from who may be believed
  kNothing,  // the archive is looked at by ourselves before Nix has all of it
};

struct StoreShelfOptions {
  std::vector<std::string> environment;         // of Nix
  std::vector<std::string> extra_substituters;  // asked before anything is said to be lacking
  Trust trust = Trust::kNothing;
};

// Owned by a depot's shell or by a request of a worker. Processes are started when needed and kept
// for the next use.
class StoreShelf final : public Shelf {
 public:
  StoreShelf(StoreShelfOptions options, link::Loop& loop);
  ~StoreShelf() override;

  void List(const std::vector<std::string>& names, Answer<std::vector<ObjectInfo>> answer) override;
  void Lacking(const std::vector<ObjectInfo>& objects,
               Answer<std::vector<std::uint32_t>> answer) override;
  Result<std::unique_ptr<ObjectSource>> Open(const ObjectInfo& object) override;
  Result<std::unique_ptr<ObjectSink>> Create(const ObjectInfo& object) override;

  // Those of the paths that are valid; they are kept as Lacking keeps them.
  void Valid(std::vector<StorePath> paths, Answer<std::vector<StorePath>> answer);

  // For this folder's sources: a process that nobody uses; and back with it, or away with one that
  // is in the middle of something.
  Result<std::unique_ptr<StoreProcess>> Take();
  void GiveBack(std::unique_ptr<StoreProcess> process);
  void Retire(std::unique_ptr<StoreProcess> process);
  Trust trust() const { return options_.trust; }

 private:
  struct Listing;
  Result<StoreProcess*> Queries();
  void AskInfos(const std::shared_ptr<Listing>& listing);

  StoreShelfOptions options_;
  link::Loop& loop_;
  std::unique_ptr<StoreProcess> queries_;
  std::vector<std::unique_ptr<StoreProcess>> idle_;
  std::vector<std::unique_ptr<StoreProcess>> retired_;
  link::TimerId sweep_;
  std::shared_ptr<bool> alive_;  // false for answers that come after the end
};

// The objects so that each comes after all that it refers to (itself left aside); equal inputs,
// equal order. Cycles cannot be: Nix has none.
std::vector<ObjectInfo> InOrderOfReferences(std::vector<ObjectInfo> objects);

}  // namespace eris::bulk
