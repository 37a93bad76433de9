@0xbfc4cfd3aaaff37b;
# The plan: the DAG of work items of a transaction, with the inverse of each (design §5).
#
# Made by the planner when the transaction comes to the head of its queue, from the base generation
# and the new manifest alone; journaled whole, executed item by item. Equal inputs give equal plans.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");
using WorkItem = import "/schema/work_item.capnp";

enum PlanPhase {
  # In the order of a transaction.
  unspecified @0;
  prepare @1;          # build, transfer: nothing that users see
  lease @2;            # one per target
  lock @3;             # components, dependents first
  confirm @4;          # of each lease
  switch @5;           # deactivate, snapshot, transfer, activate, restore
  commit @6;           # setProfile
  unlock @7;           # behind the point of no return
  afterCommit @8;
}

struct PlanItem {
  phase @0 :PlanPhase;
  queue @1 :Text;            # "target.NAME", "builder.SYSTEM" or "planner.depot"
  body @2 :WorkItem.ItemBody;
  inverse @3 :WorkItem.ItemBody;       # absent: there is nothing to undo
  after @4 :List(UInt32);    # items that must have succeeded before; ascending, all below this one
  deadlineMs @5 :Int64 = -1; # -1 = the default of the verb
  stage @6 :UInt32;          # never falls along the list; a lower stage is done before a higher
}

struct PlanSummary {
  # What happens to mappings, counted for people.
  activate @0 :UInt32;
  deactivate @1 :UInt32;
  bounced @2 :UInt32;        # kept, but down during the switch
  kept @3 :UInt32;
  down @4 :List(Text);       # names of services whose users notice, sorted
  state @5 :List(Text);      # one line about each state that moves, or stays behind
  leftOut @6 :List(Text);    # names of targets that are not connected and keep what they have
  inDoubt @7 :List(Text);    # names of targets where what was given up may have left something else
}

struct Plan {
  profile @0 :Text;
  base @1 :UInt64;           # generation it starts from; 0 = none
  items @2 :List(PlanItem);  # topological order
  summary @3 :PlanSummary;
}
