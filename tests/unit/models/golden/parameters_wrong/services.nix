{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  a = { name = "a"; type = "echo"; pkg = make "a" ""; };
  b = { name = "b"; type = "echo"; dependsOn = { inherit a; }; pkg = { a, db, cache ? null }: make "b" ""; };
  c = { name = "c"; type = "echo"; connectsTo = { inherit b; }; pkg = { a }: make "c" ""; };
}
