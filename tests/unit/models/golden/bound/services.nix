# One front end per target, generated, each bound to the replica beside it; an ordering on what the distribution
# maps to a target.
{ system, pkgs, distribution, invDistribution }:
let
  inherit (import ../pkgs.nix { inherit system; }) make;
  infrastructure = import ./infrastructure.nix;
  self = {
    db = { name = "db"; type = "echo"; pkg = make "db-1" "db"; };
  } // builtins.listToAttrs (map
    (target: {
      name = "front-${target}";
      value = {
        name = "front-${target}";
        type = "echo";
        dependsOn.db = self.db // { targets = [ infrastructure.${target} ]; };
        activatesAfter = removeAttrs invDistribution.${target}.services [ "front-${target}" ];
        pkg = { db }: make "front-${target}" (toString (map (t: t.properties.hostname) db.targets));
      };
    })
    (builtins.attrNames infrastructure));
in self
