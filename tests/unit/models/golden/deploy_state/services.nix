# State is mapped under the name of the package; a package has none.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  plain = { name = "plain"; type = "echo"; pkg = make "plain" ""; };
  kept = { name = "kept"; type = "echo"; deployState = true; stateUndo = true; pkg = make "kept-2.0" ""; };
  tool = { name = "tool"; type = "package"; deployState = true; pkg = make "tool" ""; };
}
