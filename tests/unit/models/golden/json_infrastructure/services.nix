{ system, pkgs, ... }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in { a = { name = "a"; type = "echo"; pkg = make "a" "a"; }; }
