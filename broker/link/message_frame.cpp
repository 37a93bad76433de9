#include "broker/link/message_frame.h"

#include <string_view>
#include <utility>

#include "schema/codec/codec.h"

namespace eris::link {
namespace {

std::string_view Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes BytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

Result<std::vector<Message>> ParseMessages(Bytes frame) {
  ERIS_ASSIGN(const Batch batch, Batch::Parse(frame));
  std::vector<Message> messages;
  messages.reserve(batch.size());
  for (const MessageView& view : batch) {
    ERIS_ASSIGN(Header header, Decode<Header>(Text(view.header)));
    messages.push_back({.header = std::move(header), .body = std::string(Text(view.body))});
  }
  return messages;
}

EncodedMessage::EncodedMessage(const Message& message)
    : header_(Encode(message.header)), body_(message.body) {}

MessageView EncodedMessage::view() const {
  return {.header = BytesOf(header_), .body = BytesOf(body_)};
}

Message UnimplementedReply(const Header& header) {
  Message reply{.header = header, .body = {}};
  reply.header.kind = MessageKind::kFault;
  reply.body = Encode(Fault{.code = Fault::Code::kUnimplemented,
                            .of = header.kind,
                            .message = "this version does not know the message",
                            .retry_after_ms = 0});
  return reply;
}

}  // namespace eris::link
