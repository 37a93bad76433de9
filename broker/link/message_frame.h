// Between frames and the protocol's messages (schema/values/message.h): decodes headers, leaves
// bodies as they are.
#pragma once

#include <string>
#include <vector>

#include "broker/link/frame.h"
#include "schema/base/error.h"
#include "schema/values/message.h"

namespace eris::link {

// The messages of a frame from the network, in order. kInvalid when the frame or any header in it
// is malformed: such a peer is broken, nothing of the frame is to be used. A message of an unknown
// kind is well-formed; it has MessageKind::kUnspecified and is answered by UnimplementedReply.
Result<std::vector<Message>> ParseMessages(Bytes frame);

// Owns the encoding of one message while it is added to an outbox:
// outbox.Add(peer, EncodedMessage(message).view()).
class EncodedMessage {
 public:
  explicit EncodedMessage(const Message& message);
  MessageView view() const;

 private:
  std::string header_;
  const std::string& body_;  // of the message
};

// `fault(unimplemented)`, addressed as the message it answers.
Message UnimplementedReply(const Header& header);

}  // namespace eris::link
