// What a transaction has brought to the depot: a backup is the set of them.
#pragma once

#include <vector>

#include "planner/cli/client.h"
#include "planner/cli/lists.h"
#include "schema/base/error.h"
#include "schema/values/ids.h"
#include "schema/values/request.h"

namespace eris::cli {

struct SentSnapshot {
  ServiceName service;
  TargetName from;
  StoredSnapshot snapshot;
};

// In the order in which they came. Errors are those of Client::Ask.
Result<std::vector<SentSnapshot>> FetchSet(Client& client, const TransactionRef& transaction);

}  // namespace eris::cli
