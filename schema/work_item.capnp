@0xbeef1c8f5823069d;
# Work items and their outcomes: what the planner asks workers to do (design §1, §5, §7).
#
# The planner publishes an item to the queue of a target or of builders (message.capnp); the broker
# leases it to the worker of that queue; the worker records the start in its ledger, does it, records
# the outcome, and reports it until the planner has journaled and acknowledged it. Items are a closed
# set of verbs, small, and name store paths: bulk data goes another way.
#
# `publish` and `deliver` carry a WorkItem, `outcome` an Outcome. Id, epoch and hash of the item's
# body are in the message's header, so that the broker need not look inside. The hash is the first
# eight bytes (big endian) of BLAKE2b-256 over the canonical form of ItemBody: a known id with
# another hash is refused.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Depot = import "/schema/depot.capnp";
using Manifest = import "/schema/manifest.capnp";

struct WorkItem {
  # An item as it travels. Made by the planner.
  lowWater @0 :UInt64;       # transactions of this journal below it are settled for ever; 0 = none
  deadlineMs @1 :Int64;      # for the work itself, enforced by the worker; > 0, or 0 = the default
  body @2 :ItemBody;
  depot @3 :Depot.DepotAccess;         # build, transfer, restore, snapshot; absent = none
  takesOver @4 :Bool;        # the worker serves the item's journal from now on
}

struct ItemBody {
  union {
    unspecified @0 :Void;
    build @1 :BuildItem;
    transfer @2 :TransferItem;
    lock @3 :LockItem;
    unlock @4 :UnlockItem;
    activate @5 :Activity;
    deactivate @6 :Activity;
    snapshot @7 :Activity;
    restore @8 :RestoreItem;
    deleteState @9 :Activity;
    setProfile @10 :SetProfileItem;
    collect @11 :CollectItem;
    query @12 :QueryItem;
    transferState @13 :TransferStateItem;
    diagnose @14 :DiagnoseItem;
    adopt @15 :AdoptItem;
    snapshotPart @16 :PartialSnapshot;
  }
}

struct Activity {
  # What a worker needs to run one activity of one mapping.
  serviceName @0 :Text;      # for people
  service @1 :Text;          # service key
  container @2 :Text;
  digest @3 :Text;           # of the mapping
  module @4 :Text;           # name of a module, or an absolute store path that brings it
  package @5 :Text;          # store path; the component
  component @6 :Text;        # the name that Dysnomia stores the state under
  properties @7 :List(Manifest.Property);         # of the container; secrets by name only
}

struct BuildItem {
  # Realise derivations of one system; each output succeeds or fails by itself.
  system @0 :Text;
  derivations @1 :List(Derivation);

  struct Derivation {
    derivation @0 :Text;     # path
    output @1 :Text;         # path
  }
}

struct TransferItem {
  # Root these paths on the target. toTarget: have their closures there. fromTarget: have what is
  # there in the planner's store. Roots last until the transaction ends.
  profile @0 :Text;
  paths @1 :List(Text);
  way @2 :Way = toTarget;

  enum Way {
    unspecified @0;
    toTarget @1;
    fromTarget @2;
  }
  substituters @3 :List(Text);         # asked before the depot, at most 16: whatever Nix takes
}

struct LockItem {
  union {
    unspecified @0 :Void;
    acquire @1 :AcquireLease;          # the whole target, for this transaction
    confirm @2 :Void;                  # from here on the lease ends by release only
    components @3 :List(Activity);     # "an upgrade is coming: refuse or be quiet", in this order
  }
}

struct AcquireLease {
  profile @0 :Text;
  leaseMs @1 :Int64;         # an unconfirmed lease expires after this; > 0
  switchItems @2 :UInt32;    # how many activations and deactivations will follow here; a hint
}

struct UnlockItem {
  union {
    unspecified @0 :Void;
    release @1 :Void;                  # the lease of the target
    components @2 :List(Activity);     # in this order
  }
}

enum SnapshotPart {
  unspecified @0;
  whole @1;
  base @2;                   # taken while everything runs; nothing that could be restored
  increment @3;              # what has changed since its base
}

struct PartialSnapshot {
  # A base, or an increment, of a module that offers increments; any other takes no base.
  activity @0 :Activity;
  part @1 :SnapshotPart;     # base or increment
  base @2 :Text;             # increment: CONTAINER/COMPONENT/ID of its base in the target's store;
                             # where that is not there any more, all is taken
  takenBy @3 :List(UInt32);  # increment, in a plan: the item whose report names the base; else empty
}

struct RestoreItem {
  activity @0 :Activity;
  snapshot @1 :Text;         # CONTAINER/COMPONENT/ID, relative, a path; empty = restore nothing
  takenBy @2 :List(UInt32);  # in a plan: items whose reports name the snapshot; else empty
}

struct TransferStateItem {
  # Bring a snapshot from one snapshot store into another. It is stored as the newest generation of
  # container and component; the outcome's snapshot report names it as the receiver stores it.
  profile @0 :Text;
  way @1 :Way;
  serviceName @2 :Text;      # for people
  container @3 :Text;        # under which the receiver stores it
  component @4 :Text;
  from @5 :Text;             # for people: target whose state it is; empty = the depot's newest
  snapshot @6 :Text;         # CONTAINER/COMPONENT/ID as the sender calls it; without ID the sender's
                             # newest; with the ID * the newest ten generations, which may be none;
                             # empty = nothing was there to take, nothing happens
  takenBy @7 :List(UInt32);  # in a plan: items whose reports name the snapshot; else empty
  part @8 :SnapshotPart = whole;   # whole or base: a base is no generation where it is stored; an
                             # increment counts as whole, and brings its base unless that is there

  enum Way {
    unspecified @0;
    toDepot @1;              # from the store of this target
    fromDepot @2;            # into the store of this target
    within @3;               # of the store of this target, under another name
  }
}

struct SetProfileItem {
  profile @0 :Text;
  path @1 :Text;             # store path; empty = remove the profile
}

struct AdoptItem {
  # What somebody else has activated: the worker takes note of it, or drops the note. Nothing is run.
  way @0 :Way;
  components @1 :List(Activity);       # as they would have been activated

  enum Way {
    unspecified @0;
    takeUp @1;
    giveUp @2;
  }
}

struct CollectItem {
  scope @0 :Scope;

  enum Scope {
    unspecified @0;
    garbage @1;
    garbageAndOldGenerations @2;
    snapshots @3;            # old generations of the target's snapshots
  }
  # Of snapshots: whose (empty = any), and how many generations of each are kept, at least 1.
  container @1 :Text;
  component @2 :Text;
  keep @3 :UInt32 = 1;
}

struct QueryItem {
  profile @0 :Text;
  what @1 :What = running;

  enum What {
    unspecified @0;
    running @1;              # profile and active mappings: TargetReport
    manifest @2;             # the same, and what the profile says of itself
    offer @3;                # what the target has for services, whatever is deployed: OfferReport
    disnix @4;               # what an installation of Disnix says there: TargetReport with its profile
  }
}

struct DiagnoseItem {
  # A shell, or one command, beside a component, for a person at the other end of a stream
  # (message.capnp). It begins when the person is heard, and ends with the person.
  profile @0 :Text;
  serviceName @1 :Text;      # for people
  container @2 :Text;
  service @3 :Text;          # service key
  command @4 :Text;          # empty = a shell
  stream @5 :UInt64;         # random
  terminal @6 :Text;         # its kind, as terminfo calls it; empty = none, but pipes
  rows @7 :UInt16;
  columns @8 :UInt16;
}

enum Verdict {
  unspecified @0;
  succeeded @1;
  failed @2;           # module or Nix said no: never tried again by itself
  unavailable @3;      # nothing has happened; another attempt may succeed
  unknown @4;          # it may have taken effect
  refused @5;          # fenced, no lease, another body: settles nothing but the attempt itself
  cancelled @6;        # ended by a higher grade; it may have taken effect
  unimplemented @7;    # the module does not know the activity
}

struct Outcome {
  # The recorded result of one attempt. Made by the worker, ledgered before it is sent.
  verdict @0 :Verdict;
  message @1 :Text;          # one line; empty on success
  logTail @2 :Text;          # last lines of the activity's output, secrets masked, at most 8 KiB
  tookMs @3 :Int64;          # >= 0
  report :union {
    unspecified @4 :Void;
    none @5 :Void;           # most verbs have nothing to add
    target @6 :TargetReport; # query; lock of a lease
    build @7 :BuildReport;
    snapshot @8 :SnapshotReport;
    collect @9 :CollectReport;
    offer @10 :OfferReport;
    shell @11 :ShellReport;
  }
}

struct ActiveMapping {
  # One mapping as a target knows it.
  serviceName @0 :Text;
  service @1 :Text;          # service key
  container @2 :Text;
  digest @3 :Text;
  package @4 :Text;
  state @5 :State;

  enum State {
    unspecified @0;
    active @1;
    inactive @2;
    indeterminate @3;        # an activity ended without saying how
  }
}

struct TargetReport {
  profile @0 :Text;          # store path that the profile points to; empty = none
  mappings @1 :List(ActiveMapping);               # sorted
  manifest @2 :Text;         # of the profile (disnix: its profilemanifest.xml); empty: not asked for,
                             # none, or too large for a report
}

struct BuildReport {
  built @0 :List(Text);      # output paths that are valid now
  failed @1 :List(Text);
}

struct SnapshotReport {
  snapshot @0 :Text;         # CONTAINER/COMPONENT/ID; empty = there was nothing to take
  bytes @1 :UInt64;
}

struct OfferReport {
  system @0 :Text;           # Nix system
  numOfCores @1 :UInt32;     # activities at a time
  properties @2 :List(Manifest.Property);         # sorted by name
  containers @3 :List(Manifest.Container);        # sorted by name
}

struct ShellReport {
  exitStatus @0 :UInt8;      # 128 + signal when killed
}

struct CollectReport {
  freedBytes @0 :UInt64;
}
