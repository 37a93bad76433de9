# What a service says beside the known attributes is for its dependents; names may need quotes.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  db = { name = "db"; type = "echo"; pkg = make "db" "db"; port = 5432; options = { "max conn" = 10; }; };
  web = {
    name = "web"; type = "echo"; dependsOn = { store = db; };
    pkg = { store }: make "web" "${toString store.port} ${toString store.options."max conn"} ${toString store.target.properties.mac}";
  };
}
