# a → b → c → a through both kinds of order; `self` waits for itself; connectsTo may go round. The packages
# need each other, so that Nix alone would only speak of infinite recursion.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  a = { name = "a"; type = "echo"; dependsOn = { inherit b; }; pkg = { b }: make "a" "${b.pkgs.x86_64-linux}"; };
  b = { name = "b"; type = "echo"; dependsOn = { inherit c; }; pkg = { c }: make "b" "${c.pkgs.x86_64-linux}"; };
  c = { name = "c"; type = "echo"; dependsOn = { inherit a; }; pkg = { a }: make "c" "${a.pkgs.x86_64-linux}"; };
  self = { name = "self"; type = "echo"; activatesAfter = { inherit self; }; pkg = make "self" ""; };
  x = { name = "x"; type = "echo"; connectsTo = { inherit y; }; pkg = { y }: make "x" y.name; };
  y = { name = "y"; type = "echo"; connectsTo = { inherit x; }; pkg = { x }: make "y" x.name; };
}
