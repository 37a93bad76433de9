@0x8b4cb985af8b719d;
# The wire: how broker, planner, workers and clients talk (design §7).
#
# Every peer connects to the broker's socket (ZeroMQ DEALER to ROUTER, CURVE). A message is a Header
# and a body; the broker reads headers, decodes only bodies that are addressed to itself, and
# forwards all others byte for byte. One ZeroMQ frame carries a batch of messages
# (broker/link/frame.h).
#
#   any peer     -> broker   hello; heartbeat
#   broker       -> any peer whoAreYou; welcome; bye; fault; heartbeat
#   planner      -> broker   publish (WorkItem)       broker -> planner  receipt, presence
#   broker       -> worker   deliver (WorkItem)       worker -> broker   credit
#   planner      -> worker   revoke, outcomeAck       worker -> planner  outcome, progress, vitals
#   client       -> broker   submitChunk              broker -> client   submitReply
#   broker       -> planner  submitChunk              planner -> broker  submissionTaken
#   client       -> planner  request                  planner -> client  reply
#   client      <-> worker   stream, inquiry
#
# A session. Who speaks is known by the public key of the connection alone. A peer that the broker
# does not know is asked `whoAreYou`, whatever it sent; it answers `hello`, and gets `welcome` or
# `bye`, which is final. On every welcome a peer resends at once whatever is unacknowledged, and a
# worker its credit. Clients are welcomed again, within their session, whenever a planner says hello:
# it may know nothing of what they asked, so they ask again, and watch from the last event they saw.
# So are workers when its journal is another one than that of the planner before.
# A peer sends `heartbeat` every interval, and the broker answers each; whoever
# hears nothing at all for `missedHeartbeats` intervals takes the session as over, and the broker
# queues the items leased to it again.
# A broker with another `boot` has forgotten all items: the planner publishes what is unsettled.
#
# An item. The planner journals that it publishes, then sends `publish`. The broker answers `receipt`
# (credit, never safety), queues the item in memory, and sends `deliver` to the worker of the queue,
# never more unfinished items than the worker's last `credit` allows. `revoke` withdraws a queued
# item, or asks the worker to end it. The worker sends `outcome` until `outcomeAck` comes, which the
# planner sends when it has journaled the outcome, or when it does not know the item. A higher grade
# of a step replaces a queued lower one. Items of an epoch below the planner's are dropped.
#
# A submission. The client sends chunks in order; the broker answers each with `submitReply`: `more`
# with the offset it wants next, and finally `accepted`. Then it sends the chunks on to the planner,
# as often as it takes, until `submissionTaken` comes.
#
# A stream. Bytes in both directions between a client and the worker of a target, about an item of
# that target (DiagnoseItem), for clients whose key may diagnose there. The broker writes down which
# client it is, checks its right with every piece, and hands on. Either end sends again what the
# other has not got for a while, and holds a bounded window; a client without anything to say is
# heard all the same every few seconds, or the worker takes it to be gone.
#
# An inquiry. A client asks the worker of a target what it would answer to a QueryItem; the worker
# answers the same number with an Outcome. It passes by planner, journal and ledger and leaves no
# trace. Either may be lost: the client asks again, with the same number until it is answered.
#
# A message that is not acted upon is answered with `fault`; unknown kinds with `unimplemented`. A
# fault is never answered. What the planner cannot do for a client it tells by a fault with the
# request's `client` and `request`; when a reply's client is gone, the broker tells the planner so.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Ids = import "/schema/ids.capnp";

# ---- limits, the same for every implementation ----
const protocolVersion :UInt32 = 1;
const frameBytes :UInt32 = 1048576;          # of one ZeroMQ frame
const batchBytes :UInt32 = 262144;           # target size of a batch of messages
const bodyBytes :UInt32 = 921600;            # of one message's body
const chunkBytes :UInt32 = 262144;           # of a submission or a reply
const submissionBytes :UInt32 = 268435456;   # of one whole submission
const nameBytes :UInt32 = 255;
const vitalsPauseMs :UInt32 = 5000;
const streamPieceBytes :UInt32 = 16384;
const pathBytes :UInt32 = 4096;

enum MessageKind {
  unspecified @0;
  hello @1;
  whoAreYou @2;        # no body
  welcome @3;
  bye @4;
  fault @5;
  heartbeat @6;        # no body
  publish @7;          # body: WorkItem
  receipt @8;
  presence @9;
  deliver @10;         # body: WorkItem
  revoke @11;          # no body
  credit @12;
  outcome @13;         # body: Outcome
  progress @14;
  outcomeAck @15;
  submitChunk @16;
  submitReply @17;
  submissionTaken @18;
  request @19;
  reply @20;
  vitals @21;
  stream @22;
  inquiry @23;         # body: ItemBody (query) of a client, Outcome of a worker
}

enum RequestVerb {
  unspecified @0;
  status @1;           # level read …
  watch @2;
  unwatch @3;
  logs @4;
  history @5;
  generations @6;
  getManifest @7;
  targets @8;
  cancel @9;           # level deploy
  abandon @10;         # level deploy
  resume @11;          # level deploy
  getBase @12;         # level read
  lacking @13;         # level deploy
  adopt @14;           # level admin; the broker answers it
}

struct Header {
  # Made by the sender; the broker overwrites `client` and `author`. What a kind does not use is 0.
  kind @0 :MessageKind;
  queue @1 :Text;            # publish, deliver, revoke, credit, outcome, outcomeAck, presence, vitals,
                             # stream, inquiry
  item @2 :Ids.ItemId;       # publish, receipt, deliver, revoke, outcome, progress, outcomeAck
  epoch @3 :UInt64;          # publish, deliver: of the planner that published it
  bodyHash @4 :UInt64;       # publish, deliver: see work_item.capnp
  client @5 :UInt64;         # request, reply, submitChunk, submitReply, stream, inquiry: the client's
                             # session
  request @6 :UInt64;        # request, reply, submitChunk, submitReply, stream, inquiry, fault: chosen
                             # by the client
  verb @7 :RequestVerb;      # request
  author @8 :Text;           # request, submitChunk, stream: name of the client's key
  event @9 :UInt64;          # publish, deliver: newest event of the journal when it was published
  profiles @10 :List(Text);  # request that changes something, inquiry: what the client's key may change
  targets @11 :List(Text);   # request that changes something, submitChunk to the planner: what the key may act on
}

# ---- sessions ----
enum Role {
  unspecified @0;
  planner @1;
  worker @2;
  client @3;
}

struct Hello {
  # First message of a session, made by the peer.
  role @0 :Role;             # must be the one its key is granted
  name @1 :Text;             # for people; rights come from the key alone
  instance @2 :UInt64;       # another at each start of the process. Worker: grows with the starts of
                             # its ledger, so that a hello that comes late is known as such; others:
                             # random (planners are told apart by their epoch)
  protocolMin @3 :UInt32;    # versions that the peer speaks
  protocolMax @4 :UInt32;
  software @5 :Text;         # version of Eris
  queues @6 :List(Text);     # worker: what it serves
  journal @7 :UInt64;        # planner: its own; worker: the one it serves, 0 = none yet
  epoch @8 :UInt64;          # planner: its own; worker: the newest it has seen, 0 = none
  ledger @9 :UInt64;         # worker: random, of its ledger
  inFlight @10 :List(Ids.ItemId);      # worker: what it has and has not finished
  event @11 :UInt64;         # worker: the newest that it has seen with an item; 0 = not told
  transaction @12 :UInt64;   # planner: the last of its journal; worker: the last it has seen
  starts @13 :List(UInt64);  # planner: the epochs of the last starts from its journal, growing
  startEvents @14 :List(UInt64);       # planner: the event of each of them in its journal: whoever has
                             # seen an older start has seen no event from there on; 0 = not known
}

struct Welcome {
  # Made by the broker: the session is open.
  boot @0 :UInt64;           # random per start of the broker
  epoch @1 :UInt64;          # newest planner epoch that the broker knows; 0 = none
  journal @2 :UInt64;        # of that planner; 0 = none
  session @3 :UInt64;        # from 1 within a boot
  heartbeatMs @4 :Int64 = 5000;        # > 0
  missedHeartbeats @5 :UInt32 = 3;     # > 0
}

enum ByeReason {
  unspecified @0;
  superseded @1;       # a newer instance with the same identity; do not come back
  unauthorised @2;     # the key may not do this; do not come back
  protocol @3;         # no common version, or nonsense
  shutdown @4;         # come back later
  lost @5;             # the session was silent; say hello again
}

struct Bye {
  # Made by the broker: the session is over.
  reason @0 :ByeReason;
  message @1 :Text;          # one line
  seen @2 :Ids.JournalPosition;        # superseded planners: what is newer; otherwise absent
}

enum FaultCode {
  unspecified @0;
  unimplemented @1;
  unauthorised @2;
  invalid @3;
  busy @4;                   # try again after retryAfterMs
  unavailable @5;            # nobody is there to do it
  fenced @6;                 # a newer planner is in charge
}

struct Fault {
  # Made by the broker: a message was not acted upon.
  code @0 :FaultCode;
  of @1 :MessageKind;        # unspecified = a kind that the broker does not know
  message @2 :Text;          # one line
  retryAfterMs @3 :Int64;    # busy; otherwise 0
}

# ---- items ----
struct Credit {
  # Made by a worker. Absolute: a lost or repeated grant does no harm.
  items @0 :UInt32;          # unfinished items of the queue that it takes
}

struct Receipt {
  # Made by the broker, for the planner.
  what @0 :What;
  retryAfterMs @1 :Int64;    # busy; otherwise 0

  enum What {
    unspecified @0;
    queued @1;
    duplicate @2;            # queued, leased or finished already
    fenced @3;               # the planner is not the newest; it must stop
    busy @4;                 # not queued: the queue is full
  }
}

struct Presence {
  # Made by the broker, for the planner: all queues with a worker on its welcome, changes then.
  queue @0 :Text;
  state @1 :State;
  worker @2 :Text;           # its name
  software @3 :Text;
  keys @4 :List(Text);       # public keys (Z85) of all workers that serve it now

  enum State {
    unspecified @0;
    absent @1;
    connected @2;
  }
}

struct Progress {
  # Made by a worker, for people; may be lost.
  text @0 :Text;             # one line
}

struct Vitals {
  # Made by a worker for each queue it serves, now and then; may be lost. The broker hands on at most
  # one for a queue in vitalsPauseMs.
  loadMilli @0 :UInt32;      # of the machine, mean of one minute, times 1000
  cores @1 :UInt32;          # that the machine has
  storeFreeBytes @2 :UInt64; # where the Nix store is
  stateFreeBytes @3 :UInt64; # where the worker keeps its state
}

struct OutcomeAck {
  # Made by the planner: the worker need not report this outcome again.
  scope @0 :Scope;

  enum Scope {
    unspecified @0;
    journaled @1;
    unknownItem @2;          # the planner has no use for it
  }
}

# ---- submissions ----
struct SubmitChunk {
  # Made by the client; sent on to the planner by the broker. With an id alone it asks the broker what has become of
  # that submission: `known`, `refused`, or `more` from 0 on when it was never accepted.
  id @0 :Text;               # of the submission
  totalBytes @1 :UInt64;     # of the whole, 1 .. submissionBytes; the same in every chunk
  sha256 @2 :Text;           # hex, of the whole; the same in every chunk
  offset @3 :UInt64;         # of these bytes in the whole
  bytes @4 :Data;            # 1 .. chunkBytes
}

struct SubmitReply {
  # Made by the broker.
  what @0 :What;
  id @1 :Text;               # of the submission
  offset @2 :UInt64;         # more: the offset it wants next
  transaction @3 :UInt64;    # known: when the planner has made one; otherwise 0
  message @4 :Text;          # refused: why
  retryAfterMs @5 :Int64;    # busy; otherwise 0

  enum What {
    unspecified @0;
    more @1;
    accepted @2;             # synced to disk
    known @3;                # this content under this id was accepted before
    refused @4;              # another content under this id, not allowed, or invalid
    busy @5;                 # over quota
  }
}

struct SubmissionTaken {
  # Made by the planner when it has journaled the submission.
  id @0 :Text;
  transaction @1 :UInt64;    # 0 when refused
  refused @2 :Text;          # not empty: it was not taken, and why
}

# ---- streams ----
struct StreamPiece {
  # Made by a client or a worker.
  offset @0 :UInt64;         # of `bytes` in all that the sender says
  bytes @1 :Data;            # at most streamPieceBytes
  received @2 :UInt64;       # how much the sender has of the other's; the end counts as one more
  isLast @3 :Bool;           # nothing comes behind `bytes`
  hasLeft @4 :Bool;          # of a client: it is not there any more
  rows @5 :UInt16;           # of a client: of its terminal; 0 = it has none
  columns @6 :UInt16;
}
