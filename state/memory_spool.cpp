#include "state/memory_spool.h"

#include <optional>
#include <variant>

namespace eris {
namespace {

// Nothing for a record that is of no submission.
SubmissionId IdOf(const SpoolRecord& record) {
  if (const auto* chunk = std::get_if<SpoolChunk>(&record)) return chunk->chunk.id;
  if (const auto* accepted = std::get_if<SpoolAccepted>(&record)) return accepted->id;
  if (const auto* taken = std::get_if<SpoolTaken>(&record)) return taken->id;
  const auto* forgotten = std::get_if<SpoolForgotten>(&record);
  return forgotten == nullptr ? SubmissionId() : forgotten->id;
}

}  // namespace

Result<std::string> MemorySpoolReader::ReadContent(const SubmissionId& id, std::uint64_t offset,
                                                   std::size_t max_bytes) {
  std::optional<std::string> content;
  for (const SpoolRecord& record : log_.records()) {
    if (IdOf(record) != id || std::holds_alternative<SpoolAccepted>(record)) continue;
    const auto* chunk = std::get_if<SpoolChunk>(&record);
    if (chunk == nullptr) {
      content.reset();
      continue;
    }
    if (chunk->chunk.offset == 0) content.emplace();
    if (content) *content += chunk->chunk.bytes;
  }
  if (!content) return Fail(ErrorCode::kNotFound, "the spool has no submission " + id.text);
  if (offset >= content->size()) return std::string{};
  return content->substr(offset, max_bytes);
}

}  // namespace eris
