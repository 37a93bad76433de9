#include "tests/sim/coverage.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace eris::sim {
namespace {

constexpr std::array<std::string_view, kFaults> kNames = {
    "crash",        "sudden-crash",  "lose-message", "double-message", "overtake",
    "slow-message", "break-link",    "one-way",      "stale-item",     "old-session",
    "clock-jump",   "failing-sync",  "module-fails", "module-hangs",   "module-dies",
    "module-slow",  "inverse-fails", "target-away",  "cancel",         "target-gone",
    "foreign-item", "break-lock"};

std::size_t At(Fault fault) { return static_cast<std::size_t>(fault); }
std::size_t At(TransactionPhase phase) { return static_cast<std::size_t>(phase); }

}  // namespace

std::string_view NameOf(Fault fault) { return kNames.at(At(fault)); }

bool CanStrike(Fault fault, TransactionPhase phase) {
  switch (fault) {
    case Fault::kModuleFails:
    case Fault::kModuleHangs:
      // Unlocking and going back never fail of themselves: that is kInverseFails.
      return phase == TransactionPhase::kLocking || phase == TransactionPhase::kSwitching;
    case Fault::kModuleDies:
    case Fault::kModuleSlow:
      return phase != TransactionPhase::kSubmitted && phase != TransactionPhase::kPreparing &&
             phase != TransactionPhase::kCommitting && phase != TransactionPhase::kEnded;
    case Fault::kInverseFails:
      return phase == TransactionPhase::kRollingBack;
    case Fault::kCancel:
    case Fault::kBreakLock:
    case Fault::kForeignItem:  // follows a delivery
      return phase != TransactionPhase::kEnded;
    default:
      return true;
  }
}

void Coverage::Struck(Fault fault, TransactionPhase phase) { ++strikes_[At(fault)][At(phase)]; }

void Coverage::Add(const Coverage& other) {
  for (std::size_t fault = 0; fault < kFaults; ++fault) {
    for (std::size_t phase = 0; phase < kPhases; ++phase) {
      strikes_[fault][phase] += other.strikes_[fault][phase];
    }
  }
  for (const auto& [name, times] : other.named_) named_[name] += times;
}

std::uint64_t Coverage::strikes(Fault fault, TransactionPhase phase) const {
  return strikes_[At(fault)][At(phase)];
}

std::uint64_t Coverage::named(const std::string& name) const {
  const auto found = named_.find(name);
  return found == named_.end() ? 0 : found->second;
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  for (std::size_t f = 0; f < kFaults; ++f) {
    for (std::size_t p = 0; p < kPhases; ++p) {
      const auto fault = static_cast<Fault>(f);
      const auto phase = static_cast<TransactionPhase>(p);
      if (strikes_[f][p] > 0 || !CanStrike(fault, phase)) continue;
      missing.push_back(std::string(NameOf(fault)) + " while " + std::string(ToString(phase)));
    }
  }
  return missing;
}

std::string Coverage::Table() const {
  constexpr int kNameWidth = 15;
  constexpr int kWidth = 12;
  std::ostringstream text;
  text << std::left << std::setw(kNameWidth) << "" << std::right;
  for (std::size_t p = 0; p < kPhases; ++p) {
    text << std::setw(kWidth) << ToString(static_cast<TransactionPhase>(p));
  }
  text << "\n";
  for (std::size_t f = 0; f < kFaults; ++f) {
    text << std::left << std::setw(kNameWidth) << kNames[f] << std::right;
    for (std::size_t p = 0; p < kPhases; ++p) {
      const bool possible = CanStrike(static_cast<Fault>(f), static_cast<TransactionPhase>(p));
      const std::uint64_t times = strikes_[f][p];
      text << std::setw(kWidth) << (possible || times > 0 ? std::to_string(times) : "-");
    }
    text << "\n";
  }
  for (const auto& [name, times] : named_) text << name << ": " << times << "\n";
  return text.str();
}

std::string Coverage::Encode() const {
  std::ostringstream text;
  for (const auto& row : strikes_) {
    for (const std::uint64_t times : row) text << times << " ";
  }
  for (const auto& [name, times] : named_) {
    std::string word = name;
    std::replace(word.begin(), word.end(), ' ', '_');
    text << word << " " << times << " ";
  }
  return text.str();
}

void Coverage::AddEncoded(const std::string& line) {
  std::istringstream text(line);
  for (auto& row : strikes_) {
    for (std::uint64_t& sum : row) {
      std::uint64_t times = 0;
      text >> times;
      sum += times;
    }
  }
  std::string word;
  std::uint64_t times = 0;
  while (text >> word >> times) {
    std::replace(word.begin(), word.end(), '_', ' ');
    named_[word] += times;
  }
}

}  // namespace eris::sim
