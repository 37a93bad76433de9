#include "schema/codec/internal/convert.h"

namespace eris::codec {

void Write(wire::ItemId::Builder to, const ItemId& from) {
  to.setJournal(from.step.journal.value);
  to.setTransaction(from.step.transaction.value);
  to.setIndex(from.step.index.value);
  to.setDirection(ToWire(from.grade.direction));
  to.setAttempt(from.grade.attempt);
}

void Read(wire::ItemId::Reader from, ItemId& to, Input& in) {
  to.step = {.journal = {from.getJournal()},
             .transaction = {from.getTransaction()},
             .index = {from.getIndex()}};
  to.grade = {.direction = in.Enum<Direction>(from.getDirection()), .attempt = from.getAttempt()};
}

}  // namespace eris::codec
