# Every form of a target list; placement written on the service itself wins over the distribution.
{ system, pkgs, ... }:
let
  inherit (import ../pkgs.nix { inherit system; }) make;
  infrastructure = import ./infrastructure.nix;
in {
  short = { name = "short"; type = "echo"; pkg = make "short" ""; };
  long = { name = "long"; type = "echo"; pkg = make "long" ""; };
  own = { name = "own"; type = "echo"; pkg = make "own" ""; targets = [ infrastructure.test2 ]; };
  text = { name = "text"; type = "echo"; pkg = "${make "text" ""}"; };
}
