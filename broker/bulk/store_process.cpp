#include "broker/bulk/store_process.h"

#include <utility>

namespace eris::bulk {

Result<std::unique_ptr<StoreProcess>> StoreProcess::Start(
    link::Loop& loop, const link::PipedProgram::Options& options) {
  std::unique_ptr<StoreProcess> process(new StoreProcess());
  StoreProcess* self = process.get();
  ERIS_ASSIGN(process->program_,
              link::PipedProgram::Start(
                  loop, options,
                  {.on_output = [self](std::string_view bytes) { self->serve_->OnOutput(bytes); },
                   .on_room =
                       [self] {
                         if (self->on_room_) self->on_room_();
                       },
                   .on_end =
                       [self](const Status& status) {
                         self->ended_ = true;
                         self->serve_->OnEnd(
                             status
                                 ? Error{ErrorCode::kUnavailable, "nix-store ended too early", {}}
                                 : status.error());
                       }}));
  process->serve_ =
      std::make_unique<NixServe>([self](std::string_view bytes) { self->program_->Write(bytes); });
  return process;
}

}  // namespace eris::bulk
