@0xf792c40c29e46bb9;
# Submissions: what a client asks for, one move of one profile (design §6, §7 D6).
#
# The client encodes a Submission, cuts it into chunks (SubmitChunk in message.capnp) and sends them;
# the broker answers `accepted` when all of it is on its disk. The planner turns it into a
# transaction. The id is an idempotency key: the same id with the same content is the same
# submission, however often it is sent.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using Depot = import "/schema/depot.capnp";
using Manifest = import "/schema/manifest.capnp";
using WorkItem = import "/schema/work_item.capnp";

struct Submission {
  # Made by the client.
  id @0 :Text;               # 1-64 characters of A-Z a-z 0-9 . _ -
  profile @1 :Text;          # a name
  author @2 :Text;           # empty on the way to the broker; then the name of the client's key
  options @3 :DeployOptions;
  action :union {
    unspecified @4 :Void;
    deploy @5 :Manifest.Manifest;
    rollback @6 :UInt64;     # generation whose content is wanted; 0 = the one before the current
    undeploy @7 :Void;
    retry @8 :UInt64;        # transaction
    operate @9 :Operate;
    adopt @10 :Manifest.Manifest;      # what runs already: a generation is made, nothing is run
    deleteGenerations @11 :List(UInt64);
    adoptForeign @12 :Manifest.Manifest;   # what somebody else has activated: the workers take note
                                           # of it and a generation is made, nothing is run
    upload @13 :List(Depot.PackedObject);
    # Store paths that the planner's store may lack of what a later submission deploys: derivations
    # and sources, each after those that it refers to, each named by its content. No transaction
    # comes of it.
    state @14 :StateOperation;
  }
}

enum Until {
  # Where a transaction stops, and waits to be resumed or cancelled.
  unspecified @0;
  end @1;                    # nowhere
  prepare @2;                # everything is built and transferred, nothing is locked
  lock @3;                   # everything is locked, nothing has changed
  switch @4;                 # everything is switched, nothing is committed
}

struct DeployOptions {
  migration @0 :Migration;
  order @1 :SwitchOrder;
  buildPlace @2 :BuildPlace;
  queueing @3 :Queueing;
  oldState @4 :OldState;
  expectedPlanHash @5 :Text;           # empty = any; another plan ends the transaction invalid
  waitMs @6 :Int64 = 30000;            # how long an absent target is waited for; >= 0
  maxConcurrentTransfers @7 :UInt32 = 2;   # at least 1
  finalSnapshots @8 :FinalSnapshots = take;
  stateFrom @9 :List(StateChoice);
  targetOffline @10 :TargetOffline = wait;
  until @11 :Until = end;
  repair @12 :List(Repair);            # what runs otherwise than the current generation says
  preCopy @13 :PreCopy = none;

  enum Migration {
    unspecified @0;
    allowed @1;
    forbidden @2;            # state stays where it is
  }
  enum SwitchOrder {
    unspecified @0;
    deactivateFirst @1;      # old and new never meet
    overlap @2;
  }
  enum BuildPlace {
    unspecified @0;
    builders @1;
    targets @2;
  }
  enum Queueing {
    unspecified @0;
    afterQueued @1;
    supersedeQueued @2;      # transactions of this profile that have not begun end superseded
  }
  enum OldState {
    unspecified @0;
    keep @1;
    delete @2;               # of services that are gone
  }
  enum FinalSnapshots {
    unspecified @0;
    take @1;                 # of services that are removed
    skip @2;
  }
  enum PreCopy {
    unspecified @0;
    none @1;
    bases @2;                # of modules that offer increments a base is taken and sent beforehand
  }
  enum TargetOffline {
    # When a target that has a part in it is not connected as the deployment begins.
    unspecified @0;
    wait @1;                 # it is waited for, then the deployment ends
    fail @2;                 # the deployment ends before anything is built
    skip @3;                 # waited for, then left out: it keeps what it has
  }
  struct Repair {
    # A mapping, or the profile, of a target.
    target @0 :Text;
    found @1 :Found;
    container @2 :Text;      # of the mapping
    service @3 :Text;        # its service key
    digest @4 :Text;         # foreign: as it was activated with
    profile @5 :Text;        # profile: where it points to; empty = nowhere

    enum Found {
      unspecified @0;
      missing @1;            # the generation has it, it does not run
      indeterminate @2;      # nobody knows whether it runs
      foreign @3;            # it runs, the generation does not have it
      profile @4;            # the profile is another one
    }
  }
  struct StateChoice {
    # Which copy of a state moves, where that is not plain.
    service @0 :Text;        # name; empty = every service that the choice can mean
    target @1 :Text;         # name; empty = the last snapshot that the depot has
  }
}

struct Operate {
  # One item on each of some targets, outside of any generation.
  body @0 :WorkItem.ItemBody;          # query, collect or transfer
  targets @1 :List(Text);              # names; empty = all of the profile's current generation
  takesOver @2 :Bool;                  # the targets serve this planner's journal from now on
  depot @3 :WithDepot = without;       # collect of snapshots: the profile's store in the depot

  enum WithDepot {
    unspecified @0;
    without @1;
    too @2;                  # beside the targets
    only @3;                 # no target
  }
}

struct StateOperation {
  # Work on states of what is deployed. It has its turn among the profile's transactions, makes no
  # generation, and, as far as anything goes down for it, is locked and rolled back as a deployment.
  job @0 :Job;
  # What it is about; empty = any.
  service @1 :Text;          # name
  container @2 :Text;
  component @3 :Text;
  targets @4 :List(Text);    # names
  sources @5 :List(Source);  # restore: these and no others; empty = the newest that the depot has
  generation @6 :UInt64;     # migrate: whose copies are taken; 0 = the newest in which they were elsewhere
  extent @7 :Extent = whole;
  pace @8 :Pace = together;
  keep @9 :UInt32;           # generations that the stores keep afterwards; 0 = what they keep anyway
  again @10 :Bool;           # migrate: also what has come along already
  older @11 :Bool;           # older generations of the snapshots come along

  enum Job {
    unspecified @0;
    restore @1;              # what runs is given what a snapshot holds
    migrate @2;              # what runs is given what an earlier generation left where it was
    delete @3;               # what earlier generations left is deleted
    snapshot @4;             # a backup: nothing goes down, and it waits for no other transaction
  }
  enum Extent {
    unspecified @0;
    whole @1;
    transferOnly @2;         # snapshots are brought to where they would be restored
  }
  enum Pace {
    unspecified @0;
    together @1;
    oneByOne @2;             # a state after the other
  }
  struct Source {
    # A snapshot that there is of a service's state.
    service @0 :Text;        # name
    target @1 :Text;         # where it was taken; empty = not known
    container @2 :Text;      # likewise
    snapshot @3 :Text;       # CONTAINER/COMPONENT/ID, as the depot calls it
  }
}
