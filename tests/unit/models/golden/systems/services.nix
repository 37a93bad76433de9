# One service on machines of two systems becomes two, each with its own package and dependents' keys.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  db = { name = "db"; type = "echo"; pkg = make "db" "db"; };
  api = {
    name = "api";
    type = "echo";
    dependsOn = { inherit db; };
    pkg = { db }: make "api" "for ${system}: ${db.pkgs.armv7l-linux}";
  };
}
