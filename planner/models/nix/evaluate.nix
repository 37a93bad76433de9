# Models in Disnix' shape -> the one value that C++ reads: { errors, services, infrastructure }. Nothing is
# built. Names, places, properties and packages come from here; identity, digests, cycles and everything else
# that would recurse over the system is left to C++.
{ lib, infrastructureFile, servicesFile, validateFile }:
{ services, infrastructure, distribution, extraParams ? { }, targetProperty ? "hostname"
, deployState ? false, withPackages ? true, nixpkgs ? <nixpkgs> }:
with builtins; with lib;
let
  targets = infrastructureFile { inherit lib targetProperty; model = load infrastructure; };

  distributionModel = call (load distribution) { infrastructure = targets.targets; } extraParams;
  placed = attrsOr { } distributionModel;

  # Per target the services that the distribution maps to it.
  invDistribution = mapAttrs
    (target: value: value // {
      services = listToAttrs (map
        (pair: { name = pair.service; value = structure.${pair.service} or { name = pair.service; }; })
        (byTarget.${target} or [ ]));
    })
    targets.targets;
  byTarget = groupBy (pair: pair.target) (concatMap
    (service: filter (pair: isString pair.target) (map
      (place: { inherit service; inherit (place) target; })
      (own.placesOf "" placed.${service})))
    (attrNames placed));

  servicesModel = load services;
  callServices = system: pkgs: call servicesModel
    { inherit system pkgs invDistribution; distribution = distributionModel; }
    extraParams;
  model = callServices null (import nixpkgs { });
  structure = attrsOr { } model;

  # The model again for each system that a service is built for, for its packages only.
  forSystem = system: bySystem.${system} or (callServices system (import nixpkgs { inherit system; }));
  bySystem = listToAttrs (map
    (system: { name = system; value = callServices system (import nixpkgs { inherit system; }); })
    (attrNames (listToAttrs (map
      (target: { name = target.system; value = null; })
      (attrValues targets.normalized)))));

  own = servicesFile {
    inherit lib structure forSystem deployState;
    infrastructure = targets;
    distribution = placed;
  };
  errors = targets.errors
    ++ validateFile { inherit lib model structure distributionModel own; infrastructure = targets; };
in
{
  inherit errors;
  infrastructure = targets.report;
  services = own.report (withPackages && errors == [ ]);
  # Where the distribution speaks of each service.
  distribution = mapAttrs (service: _: positionOf service placed) placed;
}
