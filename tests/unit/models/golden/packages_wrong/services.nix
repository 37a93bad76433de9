# Found only once packages are evaluated: the shape of the models is right.
{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  here = { name = "here"; type = "echo"; pkg = make "same" "1"; };
  there = { name = "there"; type = "echo"; pkg = make "same" "2"; };
  number = { name = "number"; type = "echo"; pkg = 5; };
  function = { name = "function"; type = "echo"; pkg = { here }: make "function" ""; };
  text = { name = "text"; type = "echo"; pkg = "somewhere"; };
}
