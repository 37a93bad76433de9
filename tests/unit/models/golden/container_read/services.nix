{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  db = { name = "db"; type = "echo"; pkg = make "db" "db"; };
  web = { name = "web"; type = "echo"; dependsOn = { inherit db; }; pkg = { db }: make "web" (toString db.target.container.port); };
}
