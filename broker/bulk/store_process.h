// A running `nix-store --serve`: the conversation of state/nix_serve.h over the pipes of
// broker/link/piped_program.h.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/link/loop.h"
#include "broker/link/piped_program.h"
#include "schema/base/error.h"
#include "state/nix_serve.h"

namespace eris::bulk {

// Owned by a shelf; not to be destroyed from within an answer. Destroying it ends the process, and
// with it the protection of what it was asked to keep.
class StoreProcess {
 public:
  static Result<std::unique_ptr<StoreProcess>> Start(link::Loop& loop,
                                                     const link::PipedProgram::Options& options);

  NixServe& serve() { return *serve_; }
  link::PipedProgram& program() { return *program_; }
  bool ended() const { return ended_; }
  void OnRoom(std::function<void()> on_room) { on_room_ = std::move(on_room); }

 private:
  StoreProcess() = default;

  std::unique_ptr<link::PipedProgram> program_;
  std::unique_ptr<NixServe> serve_;
  std::function<void()> on_room_;
  bool ended_ = false;
};

}  // namespace eris::bulk
