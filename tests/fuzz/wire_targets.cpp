// Decoders of the protocol, and frames as they come from a socket.
#include <span>
#include <string>

#include "broker/link/message_frame.h"
#include "schema/base/check.h"
#include "schema/codec/codec.h"
#include "tests/fuzz/targets.h"

namespace eris::fuzz {
namespace {

// What is accepted is written and read again without a change.
template <typename Value>
void TryDecoder(std::string_view bytes) {
  const Result<Value> value = Decode<Value>(bytes);
  if (!value) return;
  const std::string text = Encode(*value);
  const Result<Value> again = Decode<Value>(text);
  ERIS_CHECK(again.has_value(), "what was accepted is refused after encoding");
  ERIS_CHECK(Encode(*again) == text, "a second encoding differs from the first");
}

using Decoder = void (*)(std::string_view);
constexpr Decoder kDecoders[] = {TryDecoder<Header>,          TryDecoder<Hello>,
                                 TryDecoder<Welcome>,         TryDecoder<Bye>,
                                 TryDecoder<Fault>,           TryDecoder<Credit>,
                                 TryDecoder<Receipt>,         TryDecoder<Presence>,
                                 TryDecoder<Progress>,        TryDecoder<OutcomeAck>,
                                 TryDecoder<SubmitChunk>,     TryDecoder<SubmitReply>,
                                 TryDecoder<SubmissionTaken>, TryDecoder<Request>,
                                 TryDecoder<Reply>,           TryDecoder<ItemBody>,
                                 TryDecoder<Outcome>,         TryDecoder<Event>,
                                 TryDecoder<Manifest>,        TryDecoder<Plan>,
                                 TryDecoder<Submission>,      TryDecoder<Vitals>,
                                 TryDecoder<StreamPiece>,     TryDecoder<Bulk>};

}  // namespace

void Decoders(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input.front());
  kDecoders[choice % std::size(kDecoders)](input.substr(1));
}

void Frames(std::string_view input) {
  const link::Bytes frame = std::as_bytes(std::span(input.data(), input.size()));
  static_cast<void>(link::IsFrameOfOtherVersion(frame));
  const Result<std::vector<Message>> messages = link::ParseMessages(frame);
  if (!messages) return;
  for (const Message& message : *messages) {
    for (const Decoder decoder : kDecoders) decoder(message.body);
    static_cast<void>(DecodeWorkItem(message));
  }
}

}  // namespace eris::fuzz
