@0xe3004aa07927c4f7;
# Requests and replies: what clients ask of the planner (design §11).
#
# A client sends `request` with a verb and a number of its choice in the header and a Request as
# body; the planner answers with one or more `reply` that echo the number, all but the last with
# `moreFollows`. A watch goes on, reply after reply, until its transaction has ended, the client says
# `unwatch` with the same number, or its session ends. Without a planner the broker answers with a
# fault: unavailable.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Event = import "/schema/event.capnp";
using Ids = import "/schema/ids.capnp";
using Message = import "/schema/message.capnp";
using Plan = import "/schema/plan.capnp";
using Submission = import "/schema/submission.capnp";
using WorkItem = import "/schema/work_item.capnp";

const lackingPaths :UInt32 = 3000;

struct Request {
  # Made by the client. What a verb does not use is 0 or empty.
  transaction @0 :UInt64;    # names a transaction by number …
  submission @1 :Text;       # … or by the submission that made it
  profile @2 :Text;          # generations, getManifest, getBase, status, history; empty = all
  generation @3 :UInt64;     # getManifest; 0 = the newest
  from @4 :UInt64;           # first event wanted. watch: 0 = the first; history: 0 = the newest `limit`
  item @5 :UInt32 = 0xffffffff;        # logs; 0xffffffff = all
  target @6 :Text;           # abandon (empty = all), adopt
  limit @7 :UInt32;          # history: events at most; 0 = the planner's default
  reason @8 :Text;           # cancel
  until @9 :Submission.Until = end;    # resume: where to stop next
  paths @10 :List(Text);     # lacking: store paths; at most lackingPaths
}

struct Reply {
  # Made by the planner.
  more @0 :More;
  body :union {
    unspecified @1 :Void;
    status @2 :List(TransactionStatus);
    outline @3 :Outline;
    events @4 :List(Event.Event);      # light form
    generations @5 :List(GenerationInfo);
    manifest @6 :ManifestChunk;        # getManifest, getBase
    targets @7 :List(TargetInfo);
    logs @8 :List(LogEntry);
    done @9 :Done;
    error @10 :Error;
    lacking @11 :List(Text);           # those of the paths that the planner's store lacks
  }

  enum More {
    unspecified @0;
    last @1;
    moreFollows @2;
  }
}

struct ItemOutline {
  # What people see of an item.
  index @0 :UInt32;
  phase @1 :Plan.PlanPhase;
  verb @2 :Text;             # as in the vocabulary: "activate"
  queue @3 :Text;
  subject @4 :Text;          # a service, or what else it is about
  hasInverse @5 :Bool;
}

struct TransactionStatus {
  transaction @0 :UInt64;
  submission @1 :Text;
  profile @2 :Text;
  author @3 :Text;
  action @4 :Text;           # "deploy", "rollback" …
  phase @5 :Event.TransactionPhase;
  result @6 :Event.TransactionResult;  # unspecified = it has not ended
  message @7 :Text;
  planHash @8 :Text;         # empty = not planned yet
  generation @9 :UInt64;     # committed as; 0 = not (yet)
  summary @10 :Plan.PlanSummary;
  itemsTotal @11 :UInt32;
  itemsDone @12 :UInt32;
  submittedAtMs @13 :Int64;  # moment
  endedAtMs @14 :Int64;      # moment; 0 = it has not ended
  lockedMs @15 :Int64;       # once it has ended: see Event.Ended
  waitingFor @16 :List(Text);          # one line each
  paused @17 :Bool;          # until somebody resumes or cancels it
}

struct Outline {
  # Begins a watch; several replies when the plan is large.
  transaction @0 :UInt64;
  items @1 :List(ItemOutline);
}

struct GenerationInfo {
  profile @0 :Text;
  generation @1 :UInt64;
  transaction @2 :UInt64;    # that committed it
  committedAtMs @3 :Int64;   # moment
  author @4 :Text;
  mappings @5 :UInt32;       # how many
  targets @6 :UInt32;        # how many
  standing @7 :Standing;

  enum Standing {
    unspecified @0;
    old @1;
    current @2;
  }
}

struct ManifestChunk {
  # A piece of an encoded Manifest.
  generation @0 :UInt64;     # 0 = there is none
  totalBytes @1 :UInt64;
  offset @2 :UInt64;
  bytes @3 :Data;            # at most chunkBytes
}

struct TargetInfo {
  queue @0 :Text;
  state @1 :Message.Presence.State;
  worker @2 :Text;           # name of the worker that serves it; empty = none
  software @3 :Text;
  sinceMs @4 :Int64;         # moment of the last change
  leasedBy @5 :UInt64;       # transaction; 0 = none
  itemsInFlight @6 :UInt32;
  vitals @7 :Message.Vitals; # the last; absent: none was heard
  vitalsAtMs @8 :Int64;      # moment of them
  waitingFor @9 :List(Text); # what is out there, or waits for it; one line each
}

struct LogEntry {
  item @0 :ItemOutline;
  direction @1 :Ids.Direction;
  attempt @2 :UInt16;
  outcome @3 :WorkItem.Outcome;
}

struct Done {
  transaction @0 :UInt64;
  message @1 :Text;          # one line
}

struct Error {
  code @0 :Code;
  message @1 :Text;          # one line: what is wrong and where
  fix @2 :Text;              # one line: what to do about it; may be empty

  enum Code {
    # Named by what the caller does next.
    unspecified @0;
    invalid @1;              # fix the input
    notFound @2;
    conflict @3;
    unavailable @4;          # nothing happened; retry later
    timeout @5;              # the outcome is unknown; reconcile
    corrupt @6;              # stop; a person must look
    internal @7;
  }
}
