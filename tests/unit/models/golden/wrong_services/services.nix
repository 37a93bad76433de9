{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  list = [ ];
  nameless = { type = "echo"; pkg = make "a" ""; };
  other = { name = "another"; type = "echo"; pkg = make "a" ""; };
  typeless = { name = "typeless"; pkg = make "a" ""; };
  empty = { name = "empty"; type = "echo"; };
  flags = { name = "flags"; type = "echo"; pkg = make "a" ""; deployState = "yes"; deadline = "1h"; };
  both = { name = "both"; type = "echo"; pkg = make "a" ""; providesContainer = "c"; providesContainers = { }; };
  depends = { name = "depends"; type = "echo"; pkg = make "a" ""; dependsOn = [ flags ]; connectsTo.x = "flags"; };
  slash = { name = "slash"; type = "a/b"; pkg = make "a" ""; };
}
