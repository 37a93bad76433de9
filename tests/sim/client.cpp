#include "tests/sim/client.h"

#include <utility>

#include "schema/base/digest.h"
#include "schema/codec/codec.h"

namespace eris::sim {
namespace {

constexpr Duration kAskAgain{3'000};
constexpr std::size_t kChunk = 3'000;  // small, so that one submission takes several

}  // namespace

Client::Client(Context& context, std::vector<Order> orders)
    : context_(context),
      orders_(std::move(orders)),
      port_(context.timeline, context.network, "client") {
  port_.SetHandlers({.make_hello =
                         [this] {
                           return Hello{.role = Role::kClient,
                                        .name = "client",
                                        .instance = context_.timeline.NextU64()};
                         },
                     .on_established = [](const link::Established&) {},
                     .on_lost = [] {},
                     .on_ended = [](const Bye&) {},
                     .on_message =
                         [this](const Message& message) {
                           if (message.header.kind != MessageKind::kSubmitReply) return;
                           if (const auto reply = Decode<SubmitReply>(message.body)) {
                             OnReply(*reply);
                           }
                         },
                     .on_turn_end = [] {}});
}

void Client::Start() {
  Prepare();
  port_.Up();
  Tick();
}

void Client::Append(Order order) {
  const bool was_done = done();
  orders_.push_back(std::move(order));
  if (!was_done) return;
  Prepare();
  Tick();
}

void Client::SubmitFirst(Submission submission) {
  if (done()) {
    Append({.submission = std::move(submission), .is_urgent = true});
    return;
  }
  orders_.insert(orders_.begin() + static_cast<std::ptrdiff_t>(next_),
                 {.submission = std::move(submission), .is_urgent = true});
  Prepare();
}

void Client::Ask(RequestVerb verb, const Request& request) {
  port_.Send({.header = {.kind = MessageKind::kRequest, .request = ++last_request_, .verb = verb},
              .body = Encode(request)});
}

void Client::Prepare() {
  if (done()) return;
  not_before_ = context_.timeline.now().steady + orders_[next_].pause;
  content_ = Encode(orders_[next_].submission);
  sha256_ = Hex(Sha256(content_));
}

void Client::Tick() {
  if (done()) return;
  const bool may_send = !held_ || orders_[next_].is_urgent;
  if (may_send && context_.timeline.now().steady >= not_before_) SendChunk(0);
  context_.timeline.After(kAskAgain, [this] { Tick(); });
}

void Client::SendChunk(std::uint64_t offset) {
  if (offset >= content_.size()) return;
  port_.Send({.header = {.kind = MessageKind::kSubmitChunk, .request = next_},
              .body = Encode(SubmitChunk{.id = orders_[next_].submission.id,
                                         .total_bytes = content_.size(),
                                         .sha256 = sha256_,
                                         .offset = offset,
                                         .bytes = content_.substr(offset, kChunk)})});
}

void Client::OnReply(const SubmitReply& reply) {
  if (done() || reply.id != orders_[next_].submission.id) return;
  switch (reply.what) {
    case SubmitReply::What::kMore:
      return SendChunk(reply.offset);
    case SubmitReply::What::kBusy:
      return;
    case SubmitReply::What::kRefused:
      context_.verdicts.Report("submissions", reply.id.text + " was refused: " + reply.message);
      break;
    case SubmitReply::What::kAccepted:
    case SubmitReply::What::kKnown:
      accepted_.push_back(reply.id);
      break;
  }
  context_.timeline.Note("client", reply.id.text + " is accepted");
  ++next_;
  Prepare();
}

}  // namespace eris::sim
