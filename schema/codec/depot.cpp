#include <utility>

#include "schema/base/overloaded.h"
#include "schema/codec/internal/convert.h"

namespace eris::codec {
namespace {

static_assert(wire::BULK_CHUNK_BYTES == limits::kBulkChunkBytes);
static_assert(wire::BULK_WINDOW == limits::kBulkWindow);
static_assert(wire::BULK_LIST_BYTES == limits::kBulkListBytes);
static_assert(wire::BULK_OBJECTS == limits::kBulkObjects);
static_assert(wire::BULK_REQUESTS == limits::kBulkRequests);
static_assert(wire::TICKET_BYTES == limits::kTicketBytes);

constexpr std::size_t kDigestBytes = 32;

void Write(wire::ObjectInfo::Builder to, const ObjectInfo& from) {
  to.setKind(ToWire(from.kind));
  to.setName(Text(from.name));
  to.setBytes(from.bytes);
  to.setSha256(Bytes(from.sha256));
  if (!from.references.empty()) {
    WriteTexts(to.initReferences(Count(from.references)), from.references);
  }
  if (!from.deriver.empty()) to.setDeriver(Text(from.deriver));
  if (!from.content_address.empty()) to.setContentAddress(Text(from.content_address));
}

void Read(wire::ObjectInfo::Reader from, ObjectInfo& to, Input& in) {
  to.kind = in.Enum<ObjectKind>(from.getKind());
  to.name = in.Path(from.getName());
  to.bytes = from.getBytes();
  to.sha256 = in.Bytes(from.getSha256(), kDigestBytes);
  if (to.sha256.size() != kDigestBytes) in.Fail("a digest of " + std::to_string(to.sha256.size()));
  ReadTexts(from.getReferences(), to.references, in, &Input::Path);
  to.deriver = StorePath(in.Path(from.getDeriver()));
  to.content_address = in.Name(from.getContentAddress());
}

void Write(wire::Bulk::Open::Builder to, const BulkOpen& from) {
  codec::Write(to.initItem(), from.item);
  to.setTicket(Bytes(from.ticket));
  to.setDirection(ToWire(from.direction));
  to.setKind(ToWire(from.kind));
  WriteTexts(to.initNames(Count(from.names)), from.names);
}

void Read(wire::Bulk::Open::Reader from, BulkOpen& to, Input& in) {
  codec::Read(from.getItem(), to.item, in);
  to.ticket = in.Bytes(from.getTicket(), limits::kTicketBytes);
  to.direction = in.Enum<BulkOpen::Direction>(from.getDirection());
  to.kind = in.Enum<ObjectKind>(from.getKind());
  ReadTexts(from.getNames(), to.names, in, &Input::Path);
}

void Write(wire::Bulk::Want::Builder to, const BulkWant& from) {
  auto objects = to.initObjects(Count(from.objects));
  for (capnp::uint i = 0; i < objects.size(); ++i) objects.set(i, from.objects[i]);
  to.setFirstChunk(from.first_chunk);
}

void Write(wire::Bulk::Chunk::Builder to, const BulkChunk& from) {
  to.setObject(from.object);
  to.setNumber(from.number);
  to.setRawBytes(from.raw_bytes);
  to.setEncoding(ToWire(from.encoding));
  to.setEnd(from.end);
}

BulkChunk ReadChunk(wire::Bulk::Chunk::Reader from, Input& in) {
  if (from.getRawBytes() > limits::kBulkChunkBytes) in.Fail("a chunk is too large");
  return {.object = from.getObject(),
          .number = from.getNumber(),
          .raw_bytes = from.getRawBytes(),
          .encoding = in.Enum<BulkChunk::Encoding>(from.getEncoding()),
          .end = from.getEnd()};
}

}  // namespace

void Write(wire::DepotAccess::Builder to, const DepotAccess& from) {
  to.setEndpoint(Text(from.endpoint));
  to.setServerKey(Text(from.server_key));
  to.setTicket(Bytes(from.ticket));
}

void Read(wire::DepotAccess::Reader from, DepotAccess& to, Input& in) {
  to.endpoint = in.Name(from.getEndpoint());
  to.server_key = in.Name(from.getServerKey());
  to.ticket = in.Bytes(from.getTicket(), limits::kTicketBytes);
}

void Write(wire::PackedObject::Builder to, const PackedObject& from) {
  Write(to.initInfo(), from.info);
  auto pieces = to.initPieces(Count(from.pieces));
  for (capnp::uint i = 0; i < pieces.size(); ++i) {
    pieces[i].setRawBytes(from.pieces[i].raw_bytes);
    pieces[i].setEncoding(ToWire(from.pieces[i].encoding));
    pieces[i].setBytes(Bytes(from.pieces[i].bytes));
  }
}

void Read(wire::PackedObject::Reader from, PackedObject& to, Input& in) {
  Read(from.getInfo(), to.info, in);
  for (const auto piece : from.getPieces()) {
    if (!in.ok()) return;
    if (piece.getRawBytes() > limits::kBulkChunkBytes) in.Fail("a piece is too large");
    to.pieces.push_back({.raw_bytes = piece.getRawBytes(),
                         .encoding = in.Enum<BulkChunk::Encoding>(piece.getEncoding()),
                         .bytes = in.Bytes(piece.getBytes(), limits::kBulkChunkBytes)});
  }
  if (to.pieces.empty()) in.Fail("an object without bytes");
}

void Write(wire::Bulk::Builder to, const Bulk& from) {
  to.setRequest(from.request);
  std::visit(Overloaded{
                 [&to](const BulkOpen& open) { Write(to.initOpen(), open); },
                 [&to](const BulkList& list) {
                   auto out = to.initList();
                   WriteList(out.initObjects(Count(list.objects)), list.objects, Write);
                   out.setMore(list.more);
                 },
                 [&to](const BulkWant& want) { Write(to.initWant(), want); },
                 [&to](const BulkCredit& credit) { to.setCredit(credit.messages); },
                 [&to](const BulkChunk& chunk) { Write(to.initChunk(), chunk); },
                 [&to](const BulkStored& stored) { to.setStored(stored.object); },
                 [&to](const BulkRefusal& refusal) {
                   auto out = to.initRefuse();
                   out.setCode(ToWire(refusal.code));
                   out.setMessage(Text(refusal.message));
                 },
                 [&to](const BulkClose&) { to.setClose(); },
             },
             from.what);
}

void Read(wire::Bulk::Reader from, Bulk& to, Input& in) {
  to.request = from.getRequest();
  switch (from.which()) {
    case wire::Bulk::OPEN:
      Read(from.getOpen(), to.what.emplace<BulkOpen>(), in);
      return;
    case wire::Bulk::LIST: {
      auto& list = to.what.emplace<BulkList>();
      ReadList(from.getList().getObjects(), list.objects, in, Read);
      list.more = from.getList().getMore();
      return;
    }
    case wire::Bulk::WANT: {
      auto& want = to.what.emplace<BulkWant>();
      for (const std::uint32_t object : from.getWant().getObjects()) want.objects.push_back(object);
      want.first_chunk = from.getWant().getFirstChunk();
      return;
    }
    case wire::Bulk::CREDIT:
      to.what = BulkCredit{from.getCredit()};
      return;
    case wire::Bulk::CHUNK:
      to.what = ReadChunk(from.getChunk(), in);
      return;
    case wire::Bulk::STORED:
      to.what = BulkStored{from.getStored()};
      return;
    case wire::Bulk::REFUSE:
      to.what = BulkRefusal{in.Enum<BulkRefusal::Code>(from.getRefuse().getCode()),
                            in.Prose(from.getRefuse().getMessage())};
      return;
    case wire::Bulk::CLOSE:
      to.what = BulkClose{};
      return;
    default:
      in.Unimplemented("Bulk", from.which());
  }
}

}  // namespace eris::codec
