# The packages model (or the architecture's targetPackages): what is installed on a target beside the services
# mapped to it.
{ lib, targets, model, forSystem, describe }:
with builtins; with lib;
let
  names = filter (name: isList packages.${name}) (attrNames packages);
  packages = attrsOr { } model;
  # An unknown target has no system; C++ says that it is unknown.
  listOf = target:
    if targets.normalized ? ${target} then (forSystem targets.normalized.${target}.system).${target}
    else [ ];
in
{
  report = withPackages: listToAttrs (map
    (target: {
      name = target;
      value = {
        position = positionOf target packages;
        packages =
          (evaluated withPackages {
            list = located "packages" target (positionOf target packages) (map describe (listOf target));
          }).list or [ ];
      };
    })
    names);

  errors =
    if !(isAttrs model) then [
      (finding "packages" "" null "the packages model yields ${show model}, not an attribute set"
        "let it yield { target = [ package … ]; … }")
    ]
    else concatMap
      (target:
        if isList packages.${target} then [ ] else [
          (finding "packages" target (positionOf target packages)
            "the packages are ${show packages.${target}}, not a list" "write ${target} = [ package … ];")
        ])
      (attrNames packages);
}
