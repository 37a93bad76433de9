// The codec between value types (schema/values) and their encoding (schema/*.capnp), and nothing
// else: it knows no sockets and no files. Generated Cap'n Proto code is included in this folder
// only.
//
// Decoding trusts nobody: size, traversal and nesting are limited, every name and enumeration is
// checked, and what a newer version may send (an unknown union member) is refused as kInvalid
// "unimplemented". It is no integrity check: a damaged message may still parse.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/base/error.h"
#include "schema/values/depot.h"
#include "schema/values/event.h"
#include "schema/values/manifest.h"
#include "schema/values/message.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"
#include "schema/values/work_item.h"

namespace eris {

// Precondition: text is UTF-8 without NUL wherever it is not meant for people only.
std::string Encode(const Header& value);
std::string Encode(const Hello& value);
std::string Encode(const Welcome& value);
std::string Encode(const Bye& value);
std::string Encode(const Fault& value);
std::string Encode(const Credit& value);
std::string Encode(const Receipt& value);
std::string Encode(const Presence& value);
std::string Encode(const Progress& value);
std::string Encode(const Vitals& value);
std::string Encode(const StreamPiece& value);
std::string Encode(const OutcomeAck& value);
std::string Encode(const SubmitChunk& value);
std::string Encode(const SubmitReply& value);
std::string Encode(const SubmissionTaken& value);
std::string Encode(const Request& value);
std::string Encode(const Reply& value);     // events in it: light
std::string Encode(const WorkItem& value);  // without id, epoch and hash: the header has them
std::string Encode(const ItemBody& value);
std::string Encode(const Outcome& value);
std::string Encode(const Event& value);  // in full
std::string Encode(const Manifest& value);
std::string Encode(const Plan& value);
std::string Encode(const Submission& value);
std::string Encode(const Bulk& value);

// For clients: without the manifest of a submission, without items and manifest of a plan.
std::string EncodeLight(const Event& value);

// Instantiated for the types above, except WorkItem. `bytes` need no alignment. Fails with
// kInvalid. A Header of an unknown kind decodes with kind kUnspecified, so that it can be answered.
template <typename Value>
Result<Value> Decode(std::string_view bytes);

// Whether more replies follow this encoded one; its body is not looked at. kInvalid.
Result<More> DecodeMore(std::string_view reply);

// The manifest of an encoded TransactionPlanned; the plan beside it, which is several times as
// large, is not looked at. kInvalid, also for another event.
Result<Manifest> DecodePlannedManifest(std::string_view event);

// The item of a publish or deliver message. kInvalid also when the header's hash is not that of the
// body.
Result<WorkItem> DecodeWorkItem(const Message& message);

// The body of a publish message and the hash for its header, from one encoding.
struct HashedItem {
  std::uint64_t body_hash = 0;
  std::string bytes;
};
HashedItem EncodeHashed(const WorkItem& item);

// Names the content of an item: equal for equal bodies, whoever encoded them.
std::uint64_t BodyHash(const ItemBody& body);

}  // namespace eris
