# Everything in one model: services with their targets, in both notations, and packages on targets.
{ system, pkgs }:
let
  inherit (import ../pkgs.nix { inherit system; }) make;
  infrastructure = {
    test1 = { system = "x86_64-linux"; properties.hostname = "one"; containers.box.port = 80; };
    test2 = { system = "i686-linux"; properties.hostname = "two"; numOfCores = 2; };
  };
in rec {
  inherit infrastructure;
  services = rec {
    db = { name = "db"; type = "echo"; pkg = make "db" "db"; targets = [ infrastructure.test1 infrastructure.test2 ]; };
    web = {
      name = "web";
      type = "echo";
      dependsOn = { inherit db; };
      pkg = { db }: make "web" "${db.target.properties.hostname} ${toString (builtins.length db.targets)}";
      targets = { targets = [ { target = infrastructure.test1; container = "box"; } { target = infrastructure.test2; } ]; };
    };
    unplaced = { name = "unplaced"; type = "echo"; pkg = throw "never evaluated"; };
  };
  targetPackages.test2 = [ (make "editor" "e") ];
}
