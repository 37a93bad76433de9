// Between items and attempts: which activities an item asks for, and what their outcome says of the
// item. Pure.
#pragma once

#include <functional>
#include <string>

#include "dysnomia/attempt.h"
#include "schema/values/work_item.h"

namespace eris {

// A file name that is unique among the attempts of a worker, also across journals.
std::string AttemptNameOf(const ItemId& id);

// Which activities the module of a component implements.
using ActivitiesOfModule = std::function<dysnomia::ActivitySet(const std::string& module)>;

// What to run for an item that runs activities. A lock that may have run before is preceded by
// unlock; activities of a batch whose module does not have them are left out, so the request may be
// empty: then there is nothing to do. Precondition: ActivitiesOf(body) is not empty.
enum class Repeat : std::uint8_t { kFirst, kAgain };
dysnomia::AttemptRequest RequestFor(const ItemBody& body, Repeat repeat,
                                    const ActivitiesOfModule& implemented);

// `status` of each of these.
dysnomia::ActivityRequest StatusRequestFor(const Activity& activity);

// What the attempt says of the item. The request is the one that was run.
Outcome OutcomeFor(const ItemBody& body, const dysnomia::AttemptRequest& request,
                   const dysnomia::AttemptOutcome& attempt);

}  // namespace eris
