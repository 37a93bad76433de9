// A plan in words, for people. No terminal control, no colours: the command line adds those.
#pragma once

#include <string>

#include "schema/values/plan.h"
#include "schema/values/work_item.h"

namespace eris {

// "3 to activate, 2 to deactivate, 95 kept; down during the switch: api, web". One line, without a
// line end; long lists of names are cut short.
std::string SummaryLine(const PlanSummary& summary);

// "activate api in process on test2" without the place: "activate api in process".
// Of which service an item so described sends the state to the depot; empty when it does not.
ServiceName SentStateIn(std::string_view description);
std::string DescribeItem(const ItemBody& body);

// What `eris plan` prints: the summary, then each phase with its items, numbered by their index,
// each with its queue and the items it comes after. Ends with a line end.
std::string PlanToText(const Plan& plan);

}  // namespace eris
