# Written as for nixpkgs.
{ system, pkgs, distribution, invDistribution }:
let
  inherit (pkgs) lib stdenv;
  port = lib.optionalAttrs (invDistribution.test1.services ? site) { port = 8080; };
in rec {
  site = {
    name = "site";
    type = "fileset";
    pkg = pkgs.buildEnv {
      name = "site";
      paths = [
        (pkgs.writeTextFile { name = "index"; text = "hello"; destination = "/index.html"; })
        (pkgs.substituteAll { name = "conf"; src = ./site.conf; dir = "etc"; inherit (port) port; })
      ];
    };
  };
  tool = {
    name = "tool";
    type = "package";
    pkg = stdenv.mkDerivation {
      name = "tool-${lib.concatStringsSep "." [ "1" "2" ]}";
      src = ./site.conf;
      phases = [ "installPhase" ];
      installPhase = "mkdir -p $out; cp $src $out/";
    };
  };
}
