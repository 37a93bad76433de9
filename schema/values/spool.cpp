#include "schema/values/spool.h"

#include <algorithm>
#include <utility>

#include "schema/base/check.h"
#include "schema/base/overloaded.h"

namespace eris {
namespace {

using Standing = SpooledSubmission::Standing;

SpoolContent::iterator Find(SpoolContent& content, const SubmissionId& id) {
  return std::find_if(content.begin(), content.end(),
                      [&](const SpooledSubmission& entry) { return entry.id == id; });
}

void Store(SpoolContent& content, const SpoolChunk& stored) {
  const SubmitChunk& chunk = stored.chunk;
  auto entry = Find(content, chunk.id);
  ERIS_CHECK(entry == content.end() || entry->standing == Standing::kReceiving,
             "an accepted submission gets no more chunks");
  if (chunk.offset == 0) {
    if (entry != content.end()) content.erase(entry);
    content.push_back({.id = chunk.id,
                       .author = stored.author,
                       .sha256 = chunk.sha256,
                       .total_bytes = chunk.total_bytes});
    entry = std::prev(content.end());
  }
  ERIS_CHECK(entry != content.end() && entry->stored_bytes == chunk.offset, "chunks come in order");
  entry->stored_bytes += chunk.bytes.size();
}

void Accept(SpoolContent& content, const SpoolAccepted& accepted) {
  const auto entry = Find(content, accepted.id);
  ERIS_CHECK(entry != content.end() && entry->standing == Standing::kReceiving &&
                 entry->stored_bytes == entry->total_bytes,
             "only what is whole is accepted");
  SpooledSubmission moved = std::move(*entry);
  content.erase(entry);
  moved.standing = Standing::kAccepted;
  moved.sha256 = accepted.sha256;
  moved.author = accepted.author;
  const auto receiving = std::find_if(
      content.begin(), content.end(),
      [](const SpooledSubmission& other) { return other.standing == Standing::kReceiving; });
  content.insert(receiving, std::move(moved));
}

void Take(SpoolContent& content, const SpoolTaken& taken) {
  const auto entry = Find(content, taken.id);
  ERIS_CHECK(entry != content.end() && entry->standing != Standing::kReceiving,
             "only what was accepted is taken");
  entry->standing = Standing::kTaken;
  entry->stored_bytes = 0;
  entry->transaction = taken.transaction;
  entry->refused = taken.refused;
}

}  // namespace

void Apply(SpoolContent& content, const SpoolRecord& record) {
  std::visit(Overloaded{
                 [&](const SpoolChunk& chunk) { Store(content, chunk); },
                 [&](const SpoolAccepted& accepted) { Accept(content, accepted); },
                 [&](const SpoolTaken& taken) { Take(content, taken); },
                 [&](const SpoolForgotten& forgotten) {
                   std::erase_if(content, [&](const SpooledSubmission& entry) {
                     return entry.id == forgotten.id;
                   });
                 },
                 [](const SpoolPlanner&) {},
                 [](const SpoolLedger&) {},
             },
             record);
}

void Apply(ServedPlanners& planners, const SpoolRecord& record) {
  if (const auto* served = std::get_if<SpoolPlanner>(&record)) {
    planners[served->journal] = served->epoch;
  }
}

void Apply(KnownLedgers& ledgers, const SpoolRecord& record) {
  const auto* known = std::get_if<SpoolLedger>(&record);
  if (known == nullptr) return;
  if (known->ledger) {
    ledgers[known->queue] = *known;
  } else {
    ledgers.erase(known->queue);
  }
}

std::uint64_t StoredBytes(const SpoolContent& content) {
  std::uint64_t total = 0;
  for (const SpooledSubmission& entry : content) total += entry.stored_bytes;
  return total;
}

}  // namespace eris
