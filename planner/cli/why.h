// `eris why`: what something waits for, or why it failed, as a chain with times. Pure; the facts
// are asked for by inquiries.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/base/clock.h"
#include "schema/values/event.h"
#include "schema/values/request.h"

namespace eris::cli {

// What is known of one transaction.
struct WhyFacts {
  TransactionStatus status;
  std::vector<ItemOutline> items;
  std::vector<Event> events;  // all of the transaction, in order
  std::vector<TargetInfo> targets;
  WallTime now;
};

// What is asked about: all of it, one item, or what concerns a service or target of that name.
struct WhySubject {
  std::string name;
  std::optional<ItemIndex> item;
  bool operator==(const WhySubject&) const = default;
};

// Whether an item of the outline is about it.
bool Concerns(const ItemOutline& item, const WhySubject& subject);

// One line a link, oldest first; the last ones say what it waits for now, if it does.
std::vector<std::string> WhyChain(const WhyFacts& facts, const WhySubject& subject);

// The transaction that a line of `waiting_for` says is in the way.
std::optional<TransactionId> TransactionAhead(const TransactionStatus& status);

}  // namespace eris::cli
