@0xd15b0f9e7c2a4463;
# The depot: how bulk data travels between the planner and its workers (design §2, §9).
#
# The depot is a ROUTER of its own on the planner (CURVE; only keys of workers that the broker says
# are connected are admitted). Whoever works on an item that names objects connects to the address
# in WorkItem.depot and shows that item's ticket. An *object* is a store path (its bytes: the NAR)
# or a snapshot (its bytes: whatever source and sink of snapshots agree on); it has a name and
# travels as a stream of bytes. A message is a Bulk header and, for `chunk`, the bytes of the chunk
# as the message's body (broker/link/frame.h), which are never inside Cap'n Proto.
#
# Everything belongs to a *request*, numbered by the client, one per item it works on. A request has
# a sender and a receiver of objects; which end is which is all that `fetch` and `push` differ in:
#
#   fetch: the client receives          push: the client sends
#   client -> depot   open(names)       client -> depot   open
#   sender -> receiver   list …         all objects in question, in an order in which each comes
#                                       after those that it refers to
#   receiver -> sender   want           which of them it lacks
#   sender -> receiver   chunk …        object by object, in the order of `want`
#   receiver -> sender   stored …       each object once it is durable there
#   client -> depot   close             or `refuse` from either end: the request is over
#
# The receiver gives `credit`: how many `list` and `chunk` messages it takes in all, an absolute
# number that only grows. Nobody sends more. Names that a fetch asks for must be named by its item;
# what a push offers must be a content-addressed path, or an output of the item's derivations.
#
# When the connection is lost its requests are gone: the client opens again, and asks only for what
# it still lacks; of an object that it has a part of it may want the rest only (`firstChunk`).

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Ids = import "/schema/ids.capnp";

# ---- limits, the same for every implementation ----
const bulkChunkBytes :UInt32 = 262144;       # of an object, before compression, in one chunk
const bulkWindow :UInt32 = 16;               # credits outstanding at most
const bulkListBytes :UInt32 = 262144;        # target size of one list
const bulkObjects :UInt32 = 200000;          # of one request
const bulkRequests :UInt32 = 64;             # open at the same time on one connection
const ticketBytes :UInt32 = 32;

enum ObjectKind {
  unspecified @0;
  storePath @1;
  snapshot @2;
}

struct DepotAccess {
  # Made by the planner, part of a WorkItem: where and how its objects are to be had.
  endpoint @0 :Text;         # tcp://HOST:PORT
  serverKey @1 :Text;        # of the depot, Z85
  ticket @2 :Data;           # proof that the item was handed out; ticketBytes
}

struct ObjectInfo {
  # Made by the sender. What the receiver holds the object's bytes against.
  kind @0 :ObjectKind;
  name @1 :Text;             # store path, or PROFILE/CONTAINER/COMPONENT/ID of a snapshot
  bytes @2 :UInt64;          # of the whole stream
  sha256 @3 :Data;           # of the whole stream; 32 bytes
  references @4 :List(Text); # store paths that it refers to
  deriver @5 :Text;          # store path; empty = unknown
  contentAddress @6 :Text;   # as Nix writes it ("text:sha256:…"); empty = none
}

struct PackedObject {
  # An object that travels inside of a submission, with all of its bytes.
  info @0 :ObjectInfo;
  pieces @1 :List(Piece);    # at least one

  struct Piece {
    # Of bulkChunkBytes before compression, the last one less.
    rawBytes @0 :UInt32;
    encoding @1 :Bulk.Chunk.Encoding;
    bytes @2 :Data;
  }
}

struct Bulk {
  # Header of every message.
  request @0 :UInt64;        # chosen by the client, unique on the connection, from 1
  union {
    unspecified @1 :Void;
    open @2 :Open;
    list @3 :ObjectList;
    want @4 :Want;
    credit @5 :UInt64;       # list and chunk messages, in all
    chunk @6 :Chunk;
    stored @7 :UInt32;       # position in the list
    refuse @8 :Refusal;
    close @9 :Void;
  }

  struct Open {
    item @0 :Ids.ItemId;
    ticket @1 :Data;         # of that item
    direction @2 :Direction;
    kind @3 :ObjectKind;
    names @4 :List(Text);    # fetch: what of the item's names the closure is wanted of

    enum Direction {
      unspecified @0;
      fetch @1;
      push @2;
    }
  }

  struct ObjectList {
    objects @0 :List(ObjectInfo);
    more @1 :Bool;           # another list follows
  }

  struct Want {
    objects @0 :List(UInt32);          # positions in the list
    firstChunk @1 :UInt32;             # of the first of them: chunks before it are there already
  }

  struct Chunk {
    # A piece of an object: bulkChunkBytes of it, less only at its end.
    object @0 :UInt32;       # position in the list
    number @1 :UInt32;       # from 0
    rawBytes @2 :UInt32;     # before compression
    encoding @3 :Encoding;
    end @4 :Bool;            # the last of the object

    enum Encoding {
      unspecified @0;
      plain @1;
      zstd @2;               # one frame a chunk
    }
  }

  struct Refusal {
    code @0 :Code;
    message @1 :Text;        # one line

    enum Code {
      unspecified @0;
      invalid @1;            # what was asked or offered is not allowed, or nonsense: do not repeat
      unavailable @2;        # try again later
      notFound @3;           # the sender has no such object
    }
  }
}
