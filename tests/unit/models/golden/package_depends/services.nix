# A package may know a service; nothing is activated for it.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  db = { name = "db"; type = "echo"; port = 5; pkg = make "db" "db"; };
  client = {
    name = "client"; type = "package"; dependsOn = { inherit db; };
    pkg = { db }: make "client" "${db.target.properties.hostname}:${toString db.port}";
  };
}
