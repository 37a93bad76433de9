// Questions that clients ask this worker directly: what it would answer to a query, without a
// transaction. Nothing of them is recorded anywhere. Who may ask is the broker's to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "broker/link/loop.h"
#include "schema/values/message.h"
#include "worker/query_runner.h"

namespace eris {

// Owned by the executor, beside the query runner that it uses. A question that is asked again while
// it is being answered is answered once; lost answers are asked for again.
class InquiryDesk {
 public:
  using Send = std::function<void(Message)>;
  static constexpr std::size_t kMost = 16;  // at a time; one more is told to ask later

  InquiryDesk(QueryRunner& queries, Send send) : queries_(queries), send_(std::move(send)) {}

  void OnInquiry(const Message& message);

 private:
  using Number = std::pair<SessionId, std::uint64_t>;  // the client, and its number
  void Answer(const Header& asked, const Outcome& outcome);

  QueryRunner& queries_;
  Send send_;
  std::map<Number, std::size_t> open_;  // and its seat, below kMost
};

}  // namespace eris
