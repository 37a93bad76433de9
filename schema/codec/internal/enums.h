// Which enumeration of the values is which of the wire. On the wire 0 is always "unspecified"; a
// value enumeration without such a member is shifted by one. Private to schema/codec.
#pragma once

#include <cstdint>
#include <string_view>

#include "schema/depot.capnp.h"
#include "schema/event.capnp.h"
#include "schema/ids.capnp.h"
#include "schema/manifest.capnp.h"
#include "schema/message.capnp.h"
#include "schema/plan.capnp.h"
#include "schema/request.capnp.h"
#include "schema/submission.capnp.h"
#include "schema/values/depot.h"
#include "schema/values/event.h"
#include "schema/values/ids.h"
#include "schema/values/manifest.h"
#include "schema/values/message.h"
#include "schema/values/plan.h"
#include "schema/values/request.h"
#include "schema/values/submission.h"
#include "schema/values/work_item.h"
#include "schema/work_item.capnp.h"

namespace eris::codec {

template <typename Value>
struct WireEnum;

// `last` and `wire_last` are the same member: the check that both lists are equally long.
template <auto last, auto wire_last, int offset>
struct EnumPair {
  using Wire = decltype(wire_last);
  static constexpr int kOffset = offset;
  static constexpr auto kLastOrdinal = static_cast<std::uint16_t>(wire_last);
  static_assert(static_cast<int>(last) + offset == static_cast<int>(wire_last));
};
template <auto last, auto wire_last>
using Shifted = EnumPair<last, wire_last, 1>;  // the value has no "unspecified"
template <auto last, auto wire_last>
using Same = EnumPair<last, wire_last, 0>;

// NOLINTBEGIN(bugprone-macro-parentheses): a type and its member
#define ERIS_WIRE_ENUM(value, pairing, last, wire_last)      \
  template <>                                                \
  struct WireEnum<value> : pairing<value::last, wire_last> { \
    static constexpr std::string_view kName = #value;        \
  }
// NOLINTEND(bugprone-macro-parentheses)

ERIS_WIRE_ENUM(Direction, Shifted, kInverse, wire::Direction::INVERSE);
ERIS_WIRE_ENUM(Property::Kind, Shifted, kStructured, wire::Property::Kind::STRUCTURED);
ERIS_WIRE_ENUM(TransferItem::Way, Shifted, kFromTarget, wire::TransferItem::Way::FROM_TARGET);
ERIS_WIRE_ENUM(AdoptItem::Way, Shifted, kGiveUp, wire::AdoptItem::Way::GIVE_UP);
ERIS_WIRE_ENUM(CollectItem::Scope, Shifted, kSnapshots, wire::CollectItem::Scope::SNAPSHOTS);
ERIS_WIRE_ENUM(Verdict, Shifted, kUnimplemented, wire::Verdict::UNIMPLEMENTED);
ERIS_WIRE_ENUM(ActiveMapping::State, Shifted, kIndeterminate,
               wire::ActiveMapping::State::INDETERMINATE);
ERIS_WIRE_ENUM(PlanPhase, Shifted, kAfterCommit, wire::PlanPhase::AFTER_COMMIT);
ERIS_WIRE_ENUM(Migration, Shifted, kForbidden, wire::DeployOptions::Migration::FORBIDDEN);
ERIS_WIRE_ENUM(SwitchOrder, Shifted, kOverlap, wire::DeployOptions::SwitchOrder::OVERLAP);
ERIS_WIRE_ENUM(BuildPlace, Shifted, kTargets, wire::DeployOptions::BuildPlace::TARGETS);
ERIS_WIRE_ENUM(Queueing, Shifted, kSupersedeQueued,
               wire::DeployOptions::Queueing::SUPERSEDE_QUEUED);
ERIS_WIRE_ENUM(OldState, Shifted, kDelete, wire::DeployOptions::OldState::DELETE);
ERIS_WIRE_ENUM(FinalSnapshots, Shifted, kSkip, wire::DeployOptions::FinalSnapshots::SKIP);
ERIS_WIRE_ENUM(PreCopy, Shifted, kBases, wire::DeployOptions::PreCopy::BASES);
ERIS_WIRE_ENUM(WithDepot, Shifted, kOnly, wire::Operate::WithDepot::ONLY);
ERIS_WIRE_ENUM(TargetOffline, Shifted, kSkip, wire::DeployOptions::TargetOffline::SKIP);
ERIS_WIRE_ENUM(Until, Shifted, kSwitch, wire::Until::SWITCH);
ERIS_WIRE_ENUM(Repair::Found, Shifted, kProfile, wire::DeployOptions::Repair::Found::PROFILE);
ERIS_WIRE_ENUM(StateOperation::Job, Shifted, kSnapshot, wire::StateOperation::Job::SNAPSHOT);
ERIS_WIRE_ENUM(StateOperation::Extent, Shifted, kTransferOnly,
               wire::StateOperation::Extent::TRANSFER_ONLY);
ERIS_WIRE_ENUM(StateOperation::Pace, Shifted, kOneByOne, wire::StateOperation::Pace::ONE_BY_ONE);
ERIS_WIRE_ENUM(QueryItem::What, Shifted, kDisnix, wire::QueryItem::What::DISNIX);
ERIS_WIRE_ENUM(TransferStateItem::Way, Shifted, kWithin, wire::TransferStateItem::Way::WITHIN);
ERIS_WIRE_ENUM(SnapshotPart, Shifted, kIncrement, wire::SnapshotPart::INCREMENT);
ERIS_WIRE_ENUM(TransactionPhase, Shifted, kEnded, wire::TransactionPhase::ENDED);
ERIS_WIRE_ENUM(TransactionResult, Shifted, kSuperseded, wire::TransactionResult::SUPERSEDED);
ERIS_WIRE_ENUM(TargetVerified::Verdict, Shifted, kDiffers, wire::TargetVerified::Verdict::DIFFERS);
ERIS_WIRE_ENUM(MessageKind, Same, kInquiry, wire::MessageKind::INQUIRY);
ERIS_WIRE_ENUM(RequestVerb, Same, kAdopt, wire::RequestVerb::ADOPT);
ERIS_WIRE_ENUM(Role, Same, kClient, wire::Role::CLIENT);
ERIS_WIRE_ENUM(ByeReason, Same, kLost, wire::ByeReason::LOST);
ERIS_WIRE_ENUM(Fault::Code, Same, kFenced, wire::FaultCode::FENCED);
ERIS_WIRE_ENUM(Receipt::What, Shifted, kBusy, wire::Receipt::What::BUSY);
ERIS_WIRE_ENUM(Presence::State, Shifted, kConnected, wire::Presence::State::CONNECTED);
ERIS_WIRE_ENUM(AckScope, Shifted, kUnknownItem, wire::OutcomeAck::Scope::UNKNOWN_ITEM);
ERIS_WIRE_ENUM(SubmitReply::What, Shifted, kBusy, wire::SubmitReply::What::BUSY);
ERIS_WIRE_ENUM(More, Shifted, kMoreFollows, wire::Reply::More::MORE_FOLLOWS);
ERIS_WIRE_ENUM(GenerationInfo::Standing, Shifted, kCurrent,
               wire::GenerationInfo::Standing::CURRENT);
ERIS_WIRE_ENUM(ErrorCode, Shifted, kInternal, wire::Error::Code::INTERNAL);
ERIS_WIRE_ENUM(ObjectKind, Shifted, kSnapshot, wire::ObjectKind::SNAPSHOT);
ERIS_WIRE_ENUM(BulkOpen::Direction, Shifted, kPush, wire::Bulk::Open::Direction::PUSH);
ERIS_WIRE_ENUM(BulkChunk::Encoding, Shifted, kZstd, wire::Bulk::Chunk::Encoding::ZSTD);
ERIS_WIRE_ENUM(BulkRefusal::Code, Shifted, kNotFound, wire::Bulk::Refusal::Code::NOT_FOUND);
#undef ERIS_WIRE_ENUM

template <typename Value>
typename WireEnum<Value>::Wire ToWire(Value value) {
  return static_cast<typename WireEnum<Value>::Wire>(static_cast<int>(value) +
                                                     WireEnum<Value>::kOffset);
}

}  // namespace eris::codec
