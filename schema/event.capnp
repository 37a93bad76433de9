@0xbfb10731818eddf1;
# Journal events: the append-only truth of the planner (design §8).
#
# The planner appends an event, syncs, and only then sends what the event causes. Transactions,
# generations and everything that people are shown are functions of the events. Stored in the
# journal in full; sent to clients (`watch`, `history`) in light form: without the manifest of a
# submission, and without items and manifest of a plan.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Ids = import "/schema/ids.capnp";
using Manifest = import "/schema/manifest.capnp";
using Plan = import "/schema/plan.capnp";
using Submission = import "/schema/submission.capnp";
using WorkItem = import "/schema/work_item.capnp";

struct Event {
  # Made by the planner.
  sequence @0 :UInt64;       # position in the journal, from 1
  atMs @1 :Int64;            # moment
  transaction @2 :UInt64;    # 0 for plannerStarted and superseded
  body :union {
    unspecified @3 :Void;
    plannerStarted @4 :UInt64;                    # its epoch, greater than all before
    submissionAccepted @5 :Submission.Submission; # begins the transaction
    planned @6 :Planned;
    phaseEntered @7 :PhaseEntered;
    itemsPublished @8 :List(PublishedItem);       # from here on they may take effect
    itemSettled @9 :ItemSettled;
    cancelRequested @10 :CancelRequested;
    targetVerified @11 :TargetVerified;
    generationCommitted @12 :GenerationCommitted; # the point of no return
    ended @13 :Ended;
    rollbackResumed @14 :Text;                    # author: a stuck one is tried again
    abandoned @15 :Abandoned;
    superseded @16 :Ids.JournalPosition;          # seen elsewhere, and newer than this journal: its
                                                  # planner stops, and starts no more until an
                                                  # operator takes over (a plannerStarted follows)
    paused @17 :Submission.Until;      # it has come to where it was to stop
    resumed @18 :Resumed;
    generationsDeleted @19 :GenerationsDeleted;
  }
}

enum TransactionPhase {
  unspecified @0;
  submitted @1;              # queued behind others
  preparing @2;
  locking @3;
  switching @4;
  committing @5;
  finishing @6;              # committed: unlocking, cleaning up
  aborting @7;               # before switching: unlocking what may be locked
  rollingBack @8;
  ended @9;
}

enum TransactionResult {
  unspecified @0;
  committed @1;
  committedStillLocked @2;
  unchanged @3;
  aborted @4;
  rolledBack @5;
  stuck @6;
  invalid @7;
  abandoned @8;
  superseded @9;
}

struct Planned {
  planHash @0 :Text;         # hex SHA-256
  plan @1 :Plan.Plan;        # light: without items
  next @2 :Manifest.Manifest;          # light: absent
}

struct PhaseEntered {
  phase @0 :TransactionPhase;
  why @1 :Text;              # one line; empty when things go well
}

struct PublishedItem {
  index @0 :UInt32;
  direction @1 :Ids.Direction;
  attempt @2 :UInt16;        # from 1
}

struct ItemSettled {
  item @0 :PublishedItem;
  outcome @1 :WorkItem.Outcome;
}

struct CancelRequested {
  author @0 :Text;
  reason @1 :Text;
}

struct TargetVerified {
  # After a rollback: does the target run what it ran when its lease was granted?
  target @0 :Text;
  verdict @1 :Verdict;
  differences @2 :List(Text);          # one line each

  enum Verdict {
    unspecified @0;
    verified @1;
    unverified @2;           # it could not be asked
    differs @3;
  }
}

struct GenerationCommitted {
  profile @0 :Text;
  generation @1 :UInt64;     # from 1, never reused
}

struct Ended {
  result @0 :TransactionResult;
  message @1 :Text;          # one line
  lockedMs @2 :Int64;        # from the first lock, or the switch, to the last unlock so far
}

struct Resumed {
  author @0 :Text;
  until @1 :Submission.Until;          # where to stop next
}

struct GenerationsDeleted {
  profile @0 :Text;
  generations @1 :List(Deleted);       # ascending, at least one

  struct Deleted {
    generation @0 :UInt64;
    transaction @1 :UInt64;  # that had committed it
  }
}

struct Abandoned {
  author @0 :Text;
  target @1 :Text;           # empty = all
}
