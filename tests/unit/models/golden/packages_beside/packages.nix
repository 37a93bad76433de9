# One of them is a service too: it is the same package, and is there once.
{ pkgs, system }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in { test1 = [ (make "tools" "t") (make "editor" "e") ]; test2 = [ (make "editor" "e") ]; }
