// What the planner answers, as text for people: tables and short paragraphs. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/base/clock.h"
#include "schema/values/event.h"
#include "schema/values/key_grant.h"
#include "schema/values/manifest.h"
#include "schema/values/request.h"

namespace eris::cli {

// What one target runs, of `eris query`.
struct TargetAnswer {
  TargetName target;
  Outcome outcome;
  bool operator==(const TargetAnswer&) const = default;
};

// A target that a transaction holds.
struct HeldTarget {
  TargetName target;
  TransactionId transaction;
  std::string author;
  WallTime since;
  std::string standing;  // phase or result of the transaction
  bool operator==(const HeldTarget&) const = default;
};

// A key of the broker's keyring.
struct NamedKey {
  std::string public_key;
  KeyGrant grant;
  bool operator==(const NamedKey&) const = default;
};

// A generation of a snapshot store of this machine.
struct StoredSnapshot {
  std::string reference;         // CONTAINER/COMPONENT/ID
  std::uint64_t generation = 0;  // 0: a base, which none names
  std::uint64_t bytes = 0;
  WallTime taken;
  std::string increment_of = {};  // ID of its base; empty: it is whole, or a base
  bool operator==(const StoredSnapshot&) const = default;
};

// Columns as wide as their widest cell, two blanks between; the first row is the head. Every text
// below ends with a line end; an empty list says so.
std::string TableText(const std::vector<std::vector<std::string>>& rows);

std::string StatusText(std::span<const TransactionStatus> transactions, WallTime now);
std::string HistoryText(std::span<const TransactionStatus> transactions);
std::string EventsText(std::span<const Event> events);
std::string GenerationsText(std::span<const GenerationInfo> generations);
std::string TargetsText(std::span<const TargetInfo> targets, WallTime now);
std::string HeldText(std::span<const HeldTarget> held, WallTime now);
std::string LogsText(std::span<const LogEntry> entries);
std::string AnswersText(std::span<const TargetAnswer> answers);
std::string KeysText(std::span<const NamedKey> keys);
std::string SnapshotsText(std::span<const StoredSnapshot> snapshots);
std::string ManifestText(const Manifest& manifest);

// "2026-01-31 12:00:00Z"; "-" for none.
std::string TimeText(WallTime time);
// What TimeText writes, a T in place of the blank, or the day alone; all UTC.
std::optional<WallTime> ParseTime(std::string_view text);

}  // namespace eris::cli
