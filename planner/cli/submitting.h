// Handing a submission over and following it: what `deploy`, `rollback`, `undeploy`, `retry` and
// `query` have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "planner/cli/commands.h"
#include "planner/cli/follow.h"
#include "planner/cli/session.h"
#include "schema/values/submission.h"

namespace eris::cli {

// Dials and waits for the broker as long as the call says.
Result<std::unique_ptr<Session>> Connect(Context& context);

// How long a broker that is connected may take to answer.
inline constexpr Duration kAnswerPatience{30'000};

// A submission of the call's profile; an id is made where none is given.
Submission MakeSubmission(const SubmitArguments& arguments, SubmissionAction action,
                          Context& context);

// Until it is accepted. Interrupted before: kUnavailable with what to do.
Status HandOver(Client& client, const Submission& submission);

// Hands it over; then follows it to its end, or prints its id when detached.
struct HandOverOptions {
  Following following = Following::kToTheEnd;
  std::string announced = {};  // see FollowOptions
  // Whether a planner is there to number it. Nobody waits for the number otherwise.
  enum class Planner : std::uint8_t { kThere, kAway } planner = Planner::kThere;
  // Called once it is accepted, when no planner has taken it yet: it may be long until one does.
  std::function<void(const Submission&)> on_not_taken = {};
};
Result<ExitCode> SubmitAndFollow(Client& client, const Submission& submission,
                                 const HandOverOptions& options, Context& context);

}  // namespace eris::cli
