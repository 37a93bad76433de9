#include "worker/inquiry_desk.h"

#include <algorithm>
#include <string>
#include <variant>

#include "schema/codec/codec.h"
#include "schema/values/key_grant.h"

namespace eris {

void InquiryDesk::OnInquiry(const Message& message) {
  const Header& asked = message.header;
  const Number number{asked.client, asked.request};
  if (open_.contains(number)) return;
  if (open_.size() >= kMost) {
    return Answer(asked,
                  {.verdict = Verdict::kUnavailable, .message = "too many questions at once"});
  }
  const Result<ItemBody> body = Decode<ItemBody>(message.body);
  const auto* query = body ? std::get_if<QueryItem>(&*body) : nullptr;
  if (query == nullptr) {
    return Answer(asked, {.verdict = Verdict::kRefused, .message = "this is no question"});
  }
  if (!Covers(asked.profiles, query->profile.text)) {
    return Answer(asked,
                  {.verdict = Verdict::kRefused,
                   .message = "this key may not ask about profile '" + query->profile.text + "'"});
  }
  std::size_t seat = 0;
  const auto is_taken = [&](const auto& one) { return one.second == seat; };
  while (std::any_of(open_.begin(), open_.end(), is_taken)) ++seat;
  open_[number] = seat;
  queries_.Start("inquiry-" + std::to_string(seat), *query,
                 [this, number, asked](const Outcome& outcome) {
                   open_.erase(number);
                   Answer(asked, outcome);
                 });
}

void InquiryDesk::Answer(const Header& asked, const Outcome& outcome) {
  std::string body = Encode(outcome);
  if (body.size() > limits::kBodyBytes) {
    body =
        Encode(Outcome{.verdict = Verdict::kFailed,
                       .message = "the answer takes " + std::to_string(body.size()) +
                                  " bytes, a message holds " + std::to_string(limits::kBodyBytes)});
  }
  send_({.header = {.kind = MessageKind::kInquiry,
                    .queue = asked.queue,
                    .client = asked.client,
                    .request = asked.request},
         .body = std::move(body)});
}

}  // namespace eris
