{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  a = { name = "a"; type = "echo"; pkg = make "a" ""; };
  b = { name = "b"; type = "echo"; pkg = make "b" ""; };
  c = { name = "c"; type = "echo"; pkg = make "c" ""; };
  d = { name = "d"; type = "echo"; pkg = make "d" ""; dependsOn.a = a // { targets = "test1"; }; };
}
