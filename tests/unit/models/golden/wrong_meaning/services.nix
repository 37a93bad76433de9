{ system, pkgs, ... }:
let
  inherit (import ../pkgs.nix { inherit system; }) make;
  infrastructure = import ./infrastructure.nix;
in rec {
  tools = { name = "tools"; type = "package"; pkg = make "tools" ""; };
  absent = { name = "absent"; type = "echo"; pkg = make "absent" ""; };
  here = { name = "here"; type = "echo"; pkg = make "here" ""; };
  one = { name = "one"; type = "echo"; pkg = make "same" "1"; providesContainer = "box"; };
  two = { name = "two"; type = "echo"; pkg = make "same" "2"; providesContainer = "box"; };
  user = {
    name = "user";
    type = "echo";
    dependsOn = { inherit tools absent; here = here // { targets = [ infrastructure.test2 ]; }; };
    connectsTo = { ghost = { name = "ghost"; }; };
    pkg = { tools, absent, here, ghost }: make "user" absent.target.properties.hostname;
  };
  odd = { name = "odd"; type = "unheard-of"; pkg = 5; };
  function = { name = "function"; type = "echo"; pkg = { here }: make "function" ""; };
}
