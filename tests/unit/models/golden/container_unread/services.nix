# No target describes the container `echo`: that is no error as long as nobody reads its properties.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  db = { name = "db"; type = "echo"; pkg = make "db" "db"; };
  web = { name = "web"; type = "echo"; dependsOn = { inherit db; }; pkg = { db }: make "web" db.target.selectedContainer; };
}
