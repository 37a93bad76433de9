// Which generations a person means to delete. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/base/error.h"
#include "schema/values/request.h"

namespace eris::cli {

// Each word is a number, an age ("30d": committed more than 30 days ago), "old" (all but the
// current one) or "all" (the same: the current one always stays). Numbers are taken as they are,
// whether they exist or not; the others choose among `known`, never the current one. Ascending.
// kInvalid: another word.
Result<std::vector<GenerationNumber>> ChooseGenerations(std::span<const std::string> words,
                                                        std::span<const GenerationInfo> known,
                                                        WallTime now);

}  // namespace eris::cli
