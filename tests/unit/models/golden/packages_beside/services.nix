{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  tools = { name = "tools"; type = "package"; pkg = make "tools" "t"; deployState = true; };
  user = { name = "user"; type = "echo"; pkg = make "user" "u"; };
}
