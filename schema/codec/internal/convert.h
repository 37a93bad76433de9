// Write fills a builder from a value; Read fills a value from a reader and tells `in` what is wrong
// with it. Defined by topic in schema/codec/*.cpp. Private to schema/codec.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "schema/base/check.h"
#include "schema/codec/internal/enums.h"
#include "schema/codec/internal/input.h"

namespace eris::codec {

enum class EventForm { kFull, kLight };

// ---- ids (ids.cpp) ----
void Write(wire::ItemId::Builder to, const ItemId& from);
void Read(wire::ItemId::Reader from, ItemId& to, Input& in);

// ---- manifest (manifest.cpp) ----
void Write(wire::Property::Builder to, const Property& from);
void Write(wire::Manifest::Builder to, const Manifest& from);
using Containers = std::map<ContainerName, Properties>;
void WriteContainers(capnp::List<wire::Container>::Builder to, const Containers& from);
void ReadContainers(capnp::List<wire::Container>::Reader from, Containers& to, Input& in);
void Read(wire::Property::Reader from, Property& to, Input& in);
void Read(wire::Manifest::Reader from, Manifest& to, Input& in);

// ---- work items (work_item.cpp), outcomes (outcome.cpp) ----
void Write(wire::ItemBody::Builder to, const ItemBody& from);
void Write(wire::WorkItem::Builder to, const WorkItem& from);
void Write(wire::Outcome::Builder to, const Outcome& from);
void Read(wire::ItemBody::Reader from, ItemBody& to, Input& in);
void Read(wire::WorkItem::Reader from, WorkItem& to, Input& in);
void Read(wire::Outcome::Reader from, Outcome& to, Input& in);

// ---- plan (plan.cpp) ----
void Write(wire::PlanSummary::Builder to, const PlanSummary& from);
void Write(wire::Plan::Builder to, const Plan& from);
void Read(wire::PlanSummary::Reader from, PlanSummary& to, Input& in);
void Read(wire::Plan::Reader from, Plan& to, Input& in);

// ---- submission (submission.cpp) ----
void Write(wire::Submission::Builder to, const Submission& from, EventForm form);
void Read(wire::Submission::Reader from, Submission& to, Input& in);

// ---- event (event.cpp) ----
void Write(wire::JournalPosition::Builder to, const JournalPosition& from);
void Read(wire::JournalPosition::Reader from, JournalPosition& to, Input& in);
void Write(wire::Event::Builder to, const Event& from, EventForm form);
void Read(wire::Event::Reader from, Event& to, Input& in);

// ---- messages (message.cpp) ----
void Write(wire::Header::Builder to, const Header& from);
void Write(wire::Hello::Builder to, const Hello& from);
void Write(wire::Welcome::Builder to, const Welcome& from);
void Write(wire::Bye::Builder to, const Bye& from);
void Write(wire::Fault::Builder to, const Fault& from);
void Write(wire::Credit::Builder to, const Credit& from);
void Write(wire::Receipt::Builder to, const Receipt& from);
void Write(wire::Presence::Builder to, const Presence& from);
void Write(wire::Progress::Builder to, const Progress& from);
void Write(wire::Vitals::Builder to, const Vitals& from);
void Write(wire::StreamPiece::Builder to, const StreamPiece& from);
void Write(wire::OutcomeAck::Builder to, const OutcomeAck& from);
void Write(wire::SubmitChunk::Builder to, const SubmitChunk& from);
void Write(wire::SubmitReply::Builder to, const SubmitReply& from);
void Write(wire::SubmissionTaken::Builder to, const SubmissionTaken& from);
void Read(wire::Header::Reader from, Header& to, Input& in);
void Read(wire::Hello::Reader from, Hello& to, Input& in);
void Read(wire::Welcome::Reader from, Welcome& to, Input& in);
void Read(wire::Bye::Reader from, Bye& to, Input& in);
void Read(wire::Fault::Reader from, Fault& to, Input& in);
void Read(wire::Credit::Reader from, Credit& to, Input& in);
void Read(wire::Receipt::Reader from, Receipt& to, Input& in);
void Read(wire::Presence::Reader from, Presence& to, Input& in);
void Read(wire::Progress::Reader from, Progress& to, Input& in);
void Read(wire::Vitals::Reader from, Vitals& to, Input& in);
void Read(wire::StreamPiece::Reader from, StreamPiece& to, Input& in);
void Read(wire::OutcomeAck::Reader from, OutcomeAck& to, Input& in);
void Read(wire::SubmitChunk::Reader from, SubmitChunk& to, Input& in);
void Read(wire::SubmitReply::Reader from, SubmitReply& to, Input& in);
void Read(wire::SubmissionTaken::Reader from, SubmissionTaken& to, Input& in);

// ---- requests and replies (request.cpp) ----
void Write(wire::Request::Builder to, const Request& from);
void Write(wire::Reply::Builder to, const Reply& from);
void Read(wire::Request::Reader from, Request& to, Input& in);
void Read(wire::Reply::Reader from, Reply& to, Input& in);

// ---- bulk data (depot.cpp) ----
void Write(wire::DepotAccess::Builder to, const DepotAccess& from);
void Write(wire::PackedObject::Builder to, const PackedObject& from);
void Write(wire::Bulk::Builder to, const Bulk& from);
void Read(wire::DepotAccess::Reader from, DepotAccess& to, Input& in);
void Read(wire::PackedObject::Reader from, PackedObject& to, Input& in);
void Read(wire::Bulk::Reader from, Bulk& to, Input& in);

// ---- helpers ----
inline capnp::Text::Reader Text(const std::string& text) { return {text.c_str(), text.size()}; }
template <typename Tag>
capnp::Text::Reader Text(const Name<Tag>& name) {
  return Text(name.text);
}
inline capnp::Data::Reader Bytes(const std::string& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

template <typename Values>
capnp::uint Count(const Values& values) {
  constexpr std::size_t kListLimit = (1u << 29) - 1;  // of the encoding
  ERIS_CHECK(values.size() <= kListLimit, "lists are bounded long before they are encoded");
  return static_cast<capnp::uint>(values.size());
}

// The element's conversion is named by the caller, `Write` or `Read`: that picks the overload where
// private ones are visible.
template <typename List, typename Value>
void WriteList(List to, const std::vector<Value>& from,
               std::type_identity_t<void (*)(decltype(to[0]), const Value&)> write) {
  capnp::uint i = 0;
  for (const Value& value : from) write(to[i++], value);
}
template <typename Values>
void WriteTexts(capnp::List<capnp::Text>::Builder to, const Values& from) {
  capnp::uint i = 0;
  for (const auto& value : from) to.set(i++, Text(value));
}

template <typename List, typename Value>
void ReadList(List from, std::vector<Value>& to, Input& in,
              std::type_identity_t<void (*)(decltype(from[0]), Value&, Input&)> read) {
  to.reserve(from.size());
  for (auto element : from) {
    if (!in.ok()) return;
    read(element, to.emplace_back(), in);
  }
}
// `read` turns one text into a string: &Input::Name, &Input::Path …
template <typename Value>
void ReadTexts(capnp::List<capnp::Text>::Reader from, std::vector<Value>& to, Input& in,
               std::string (Input::*read)(capnp::Text::Reader)) {
  to.reserve(from.size());
  for (auto element : from) to.emplace_back((in.*read)(element));
}
// Lists sorted by a unique key become maps.
template <typename Map, typename Key, typename Value>
void Insert(Map& to, std::pair<Key, Value> entry, Input& in) {
  if (!to.emplace(std::move(entry.first), std::move(entry.second)).second) {
    in.Fail("a list holds the same key twice");
  }
}

}  // namespace eris::codec
