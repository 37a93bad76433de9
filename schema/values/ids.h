// Names and numbers that must not be mixed up. Values only; nothing here validates (that is done
// where input enters: the model reader, the codec).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace eris {

// A name of one kind: compares and hashes like its text.
template <typename Tag>
struct Name {
  std::string text;

  Name() = default;
  explicit Name(std::string value) : text(std::move(value)) {}
  auto operator<=>(const Name&) const = default;
  bool empty() const { return text.empty(); }
};

// A number of one kind. Zero means "none" wherever that is possible.
template <typename Tag, typename Integer = std::uint64_t>
struct Number {
  Integer value = 0;
  auto operator<=>(const Number&) const = default;
  explicit operator bool() const { return value != 0; }
};

using TargetName = Name<struct TargetTag>;        // a machine of the infrastructure model
using ContainerName = Name<struct ContainerTag>;  // an environment on a target
using ServiceName = Name<struct ServiceTag>;      // as the services model calls it
using ServiceKey = Name<struct ServiceKeyTag>;    // identity: see manifest.h
using ComponentName = Name<struct ComponentTag>;  // how Dysnomia labels a service's state
using ProfileName = Name<struct ProfileTag>;      // a named deployment of one environment
using SystemName = Name<struct SystemTag>;        // a Nix system, as "x86_64-linux"
using StorePath = Name<struct StorePathTag>;      // an absolute path of the Nix store
using SubmissionId =
    Name<struct SubmissionTag>;  // idempotency key made by the client, 1-64 safe chars

using JournalId = Number<struct JournalTag>;              // random, drawn when a journal is created
using LedgerId = Number<struct LedgerTag>;                // random, drawn when a ledger is created
using TransactionId = Number<struct TransactionTag>;      // grows within a journal, from 1
using ItemIndex = Number<struct ItemTag, std::uint32_t>;  // position in the plan, from 0
using Epoch = Number<struct EpochTag>;                  // the planner's term; grows at every start
using GenerationNumber = Number<struct GenerationTag>;  // per profile, from 1, never reused
using EventSequence = Number<struct EventTag>;          // position in the journal, from 1
using SessionId = Number<struct SessionTag>;            // a peer's session with one broker boot

enum class Direction : std::uint8_t { kForward, kInverse };

// Orders the tries at one step: every inverse outranks every forward attempt, a later attempt an
// earlier one (design D3). Attempts count from 1; Grade{} is below every real grade.
struct Grade {
  Direction direction = Direction::kForward;
  std::uint16_t attempt = 0;
  auto operator<=>(const Grade&) const = default;
};

// To a ledger an item, its later attempts and its inverse are one step.
struct StepId {
  JournalId journal;
  TransactionId transaction;
  ItemIndex index;
  auto operator<=>(const StepId&) const = default;
};

// One attempt at one item.
struct ItemId {
  StepId step;
  Grade grade;
  auto operator<=>(const ItemId&) const = default;
};

}  // namespace eris

template <typename Tag>
struct std::hash<eris::Name<Tag>> {
  std::size_t operator()(const eris::Name<Tag>& name) const noexcept {
    return std::hash<std::string>{}(name.text);
  }
};
template <typename Tag, typename Integer>
struct std::hash<eris::Number<Tag, Integer>> {
  std::size_t operator()(const eris::Number<Tag, Integer>& number) const noexcept {
    return std::hash<Integer>{}(number.value);
  }
};
template <>
struct std::hash<eris::StepId> {
  std::size_t operator()(const eris::StepId& id) const noexcept {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(
        (id.journal.value ^ (id.transaction.value * kSpread)) * kSpread + id.index.value);
  }
};
