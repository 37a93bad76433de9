@0xe9d39b45fdfd4278;
# The manifest: the complete desired state of one profile (design §4).
#
# The client evaluates the models into a manifest and submits it (submission.capnp). The planner
# keeps it with its generation, compares two of them to make a plan, and hands it out again on
# request (request.capnp). Workers never see one.
#
# Every service key, target and container that is referred to exists in the same manifest;
# `dependsOn` and `activatesAfter` are acyclic; lists are sorted and free of duplicates.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("eris::wire");

struct Property {
  # One property of a target or a container. Made by the model reader.
  name @0 :Text;             # a name; an environment variable of activities
  kind @1 :Kind;
  text @2 :Text;             # text: the value; secret: the secret's name; structured: empty
  json @3 :Text;             # the value as the model gave it, JSON

  enum Kind {
    unspecified @0;
    text @1;                 # handed to activities
    secret @2;               # resolved by the worker, which alone knows the value
    structured @3;           # an attribute set: never handed to activities
  }
}

struct Interdependency {
  # One bound instance of an interdependency: the mapping that it points to.
  service @0 :Text;          # service key
  target @1 :Text;           # name
  container @2 :Text;        # name
}

struct Container {
  # An environment for services.
  name @0 :Text;
  properties @1 :List(Property);                  # sorted by name
}

struct Service {
  # A distributable unit.
  key @0 :Text;              # hex hash of name, type, package and ordered interdependencies
  name @1 :Text;
  type @2 :Text;             # name of a module; "package" = installed only, never activated
  package @3 :Text;          # output path in the store
  derivation @4 :Text;       # path of its derivation; empty = unknown
  system @5 :Text;           # Nix system it is built for
  dependsOn @6 :List(Interdependency);            # parameters, order and identity
  activatesAfter @7 :List(Interdependency);       # order and identity
  connectsTo @8 :List(Interdependency);           # parameters only; cycles are allowed
  providesContainers @9 :List(Container);         # sorted by name
  deployState @10 :Bool;     # its state moves with it
  stateUndo @11 :Bool;       # a rollback brings the state of an upgrade in place back
  deadlineMs @12 :Int64 = -1;  # of each of its activities; -1 = the default
}

struct Mapping {
  # One service on one target in one container.
  target @0 :Text;
  container @1 :Text;
  service @2 :Text;          # service key
  providedBy @3 :Text;       # key of the service that provides the container; empty = the target does
  digest @4 :Text;           # hex SHA-256 of what its activities are given
}

struct SnapshotMapping {
  # A mapping whose state is kept and moved.
  target @0 :Text;
  container @1 :Text;
  service @2 :Text;          # service key
  component @3 :Text;        # the name that Dysnomia stores the state under
}

struct Target {
  # A machine of the infrastructure model.
  name @0 :Text;
  system @1 :Text;           # Nix system
  numOfCores @2 :UInt32;     # activities at a time; at least 1
  targetProperty @3 :Text;   # name of the property that addresses it
  clientInterface @4 :Text;  # kept for other tools; may be empty
  properties @5 :List(Property);                  # sorted by name
  containers @6 :List(Container);                 # sorted by name
}

struct TargetProfile {
  # The store path that a target's profile points to.
  target @0 :Text;
  derivation @1 :Text;
  path @2 :Text;
  digest @3 :Text;           # hex SHA-256 of the text that the profile was made from
}

struct Manifest {
  services @0 :List(Service);                     # sorted by key
  mappings @1 :List(Mapping);                     # sorted by target, container, service
  snapshotMappings @2 :List(SnapshotMapping);     # sorted by target, container, service
  targets @3 :List(Target);                       # sorted by name
  profiles @4 :List(TargetProfile);               # sorted by target; absent targets have none
}
