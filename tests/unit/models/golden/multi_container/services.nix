# One service in two containers of one machine; who depends on it sees all three, or the one that it is bound to.
{ system, pkgs, distribution, ... }:
let
  inherit (import ../pkgs.nix { inherit system; }) make;
  infrastructure = import ./infrastructure.nix;
in rec {
  app = { name = "app"; type = "echo"; pkg = make "app" "app"; };
  user = {
    name = "user"; type = "echo";
    dependsOn = {
      all = app;
      one = app // { targets.targets = [ { target = infrastructure.test1; container = "secondary"; } ]; };
    };
    pkg = { all, one }: make "user"
      "${toString (map (t: t.container.port) all.targets)} ${one.target.selectedContainer}";
  };
}
