# a and b connect to each other: a cycle that survives because parameters are lazy. Everything is reached through
# the parameters of a parameter; activatesAfter gives none.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  a = {
    name = "a"; type = "echo"; port = 1; connectsTo = { inherit b; };
    pkg = { b }: make "a" "${toString b.port} ${toString b.connectsTo.a.port} ${b.connectsTo.c.connectsTo.other.name}";
  };
  b = {
    name = "b"; type = "echo"; port = 2; connectsTo = { inherit a; }; dependsOn = { inherit c; };
    pkg = { a, c }: make "b" "${a.name} ${toString (map (t: t.properties.hostname) c.targets)} ${toString (c ? dependsOn)}";
  };
  c = {
    name = "c"; type = "echo"; dependsOn = { other = d; };
    pkg = { other }: make "c" "${other.target.selectedContainer} ${other.pkgs.x86_64-linux.name} ${toString other.deployState}";
  };
  d = { name = "d"; type = "echo"; activatesAfter = { }; pkg = make "d" "d"; };
}
