# A nixpkgs small enough for tests: what models written for the real one use most, with the same calls. Packages are
# built by the machine's own /bin/sh and tools (`sandbox = false`), so what comes out is for tests only.
{ system ? builtins.currentSystem, config ? { }, overlays ? [ ] }:
let
  lib = import ./lib.nix;
  base = self: rec {
    inherit lib system config;
    stdenv = import ./stdenv.nix { inherit system; };
    inherit (import ./builders.nix { inherit lib stdenv; })
      runCommand writeTextFile writeText writeScript writeScriptBin substituteAll buildEnv symlinkJoin;
    callPackage = lib.callPackageWith self;
    hello = writeScriptBin "hello" "#!/bin/sh\necho 'Hello, world!'\n";
  };
in
lib.fix (self: builtins.foldl' (set: overlay: set // overlay self set) (base self) overlays)
