// The numbered SQL files of state/migrations, embedded at build: [n] brings version n to n + 1.
#pragma once

#include <span>
#include <string_view>

namespace eris {

std::span<const std::string_view> JournalMigrations();
std::span<const std::string_view> LedgerMigrations();
std::span<const std::string_view> SpoolMigrations();

}  // namespace eris
