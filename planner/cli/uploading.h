// Brings to the planner what its store lacks of what a submission deploys: derivations and sources.
// The builders get them from there.
#pragma once

#include "planner/cli/client.h"
#include "planner/cli/commands.h"
#include "schema/base/error.h"
#include "schema/values/manifest.h"

namespace eris::cli {

struct UploadWish {
  const Manifest& next;
  const Manifest* base = nullptr;  // what this one needs as well is there
  ProfileName profile;
  // Whether somebody answers what is lacking. Otherwise everything is uploaded, into the broker's
  // spool, and nobody says whether it is taken.
  enum class Planner : std::uint8_t { kThere, kAway } planner = Planner::kThere;
};

// All of it has been taken when this returns, or accepted while the planner is away or dying.
// kInvalid: it cannot be uploaded, or the planner does not want it.
Status UploadLacking(Client& client, const UploadWish& wish, Context& context);

}  // namespace eris::cli
