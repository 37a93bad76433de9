// The answers of `eris query` in the shapes that disnix-query has, and those of
// `eris collect-garbage`. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "planner/cli/call.h"
#include "planner/cli/lists.h"

namespace eris::cli {

// kServices: packages by target; kContainers: by target and container; kNix: all of it as a Nix
// expression. Targets that did not answer say so, in a comment where it is Nix.
std::string ShapedAnswers(std::span<const TargetAnswer> answers, QueryCommand::Shape shape);

// "12.3 MiB"
std::string SizeText(std::uint64_t bytes);

// Freed bytes by target, and in all.
std::string CollectedText(std::span<const TargetAnswer> answers);

}  // namespace eris::cli
