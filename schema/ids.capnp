@0xa147a35c8e1a24b8;
# Ids: how planner, broker and workers name the same thing (design §1, §7 D1).
#
# The planner draws a journal id when it creates its journal, counts transactions from 1 and the
# items of a plan from 0. Each try at an item is an attempt; the inverse of an item (what undoes it)
# has attempts of its own. To a worker's ledger the item, its later attempts and its inverse are one
# *step* with growing *grades*: forward 1 < forward 2 < … < inverse 1 < inverse 2 …
#
# Rules for all files here:
#   * Text is UTF-8 without NUL. A *name* has at most 255 bytes, a *path* at most 4096.
#   * A number that means "none" is 0, unless the field says otherwise. Durations and moments are
#     milliseconds; moments count from 1970-01-01 UTC and are never used for deadlines.
#   * The first enumerant and the first union member are `unspecified`: whoever receives it, or one
#     that it does not know, refuses the message as invalid ("unimplemented").
#   * Ordinals only grow. Nothing is removed, renumbered or given another type or default.
#   * Messages are not packed and may have several segments.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");

enum Direction {
  unspecified @0;
  forward @1;      # does what the plan says
  inverse @2;      # undoes it
}

struct JournalPosition {
  # How far a journal has come, as its planner says or as others have seen of it. 0 = not known.
  epoch @0 :UInt64;          # of the newest start of a planner
  event @1 :UInt64;          # sequence of an event
  transaction @2 :UInt64;
}

struct ItemId {
  # One attempt at one item. Made by the planner, echoed by everybody.
  journal @0 :UInt64;        # random, of the planner's journal; never 0
  transaction @1 :UInt64;    # from 1, grows within a journal
  index @2 :UInt32;          # position in the plan, from 0
  direction @3 :Direction;
  attempt @4 :UInt16;        # from 1, at most 65535
}
