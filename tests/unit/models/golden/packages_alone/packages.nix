# Installed only. Called for the system of each target.
{ pkgs, system }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in { test1 = [ (make "editor" "e") (make "shell" "s") ]; }
