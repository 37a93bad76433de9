// Sends one encoded submission in chunks, a few ahead of what the broker has confirmed. Pure:
// replies come in, chunks go out; connection and time are its owner's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/values/message.h"
#include "schema/values/submission.h"

namespace eris::cli {

// Owned by Client for the time of one submission. Each chunk is answered by one reply; when all
// have come, what is confirmed is where it goes on, whatever the broker had before.
class Upload {
 public:
  explicit Upload(const Submission& submission);

  // The next chunk to send now, if any.
  std::optional<SubmitChunk> Next();
  void OnReply(const SubmitReply& reply);
  // The connection is new, or the broker was busy: nothing is on its way any more.
  void Restart();

  // The final answer: accepted, known or refused.
  const std::optional<SubmitReply>& answer() const { return answer_; }
  std::uint64_t confirmed_bytes() const { return confirmed_; }
  std::uint64_t total_bytes() const { return bytes_.size(); }

 private:
  SubmitChunk ChunkAt(std::uint64_t offset, std::size_t size) const;

  SubmissionId id_;
  std::string bytes_;
  std::string sha256_;
  std::uint64_t sent_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint32_t unanswered_ = 0;
  std::optional<SubmitReply> answer_;
};

}  // namespace eris::cli
