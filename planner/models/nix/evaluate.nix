# Models in Disnix' shape -> the one value that C++ reads: { errors, services, infrastructure, … }. Nothing is
# built. Names, places, properties and packages come from here; identity, digests, cycles and everything else
# that would recurse over the system is left to C++.
#
# A model is a file, or the value itself (a flake gives those); null = there is none.
{ lib, infrastructureFile, servicesFile, validateFile, packagesFile }:
{ services ? null, infrastructure ? null, distribution ? null, packages ? null, architecture ? null
, extraParams ? { }, targetProperty ? "hostname", deployState ? false, withPackages ? "all"
, nixpkgs ? <nixpkgs> }:
with builtins; with lib;
let
  targets = infrastructureFile {
    inherit lib targetProperty;
    model =
      if architecture != null then structure.infrastructure
      else if infrastructure == null then { }
      else load infrastructure;
  };

  distributionModel =
    if distribution == null then { }
    else call (load distribution) { infrastructure = targets.targets; } extraParams;
  placed = attrsOr { } distributionModel;

  # Per target the services that the distribution maps to it.
  invDistribution = mapAttrs
    (target: value: value // {
      services = listToAttrs (map
        (pair: { name = pair.service; value = servicesOf.${pair.service} or { name = pair.service; }; })
        (byTarget.${target} or [ ]));
    })
    targets.targets;
  byTarget = groupBy (pair: pair.target) (concatMap
    (service: filter (pair: isString pair.target) (map
      (place: { inherit service; inherit (place) target; })
      (own.placesOf "" placed.${service})))
    (attrNames placed));

  architectureModel = load architecture;
  servicesModel = load services;
  packagesModel = load packages;

  # What the models say for one system: { services, infrastructure, packages }.
  say = system: pkgs:
    if architecture != null then
      let
        all =
          if isCallable architectureModel then architectureModel ({ inherit system pkgs; } // extraParams)
          else architectureModel;
      in {
        services = (attrsOr { } all).services or (if isAttrs all then { } else all);
        infrastructure = (attrsOr { } all).infrastructure or null;
        packages = (attrsOr { } all).targetPackages or { };
      }
    else {
      services =
        if services == null then { }
        else call servicesModel
          { inherit system pkgs invDistribution; distribution = distributionModel; }
          extraParams;
      packages =
        if packages == null then { }
        else if isCallable packagesModel then packagesModel { inherit system pkgs; }
        else packagesModel;
    };
  # The structure: what holds for all systems, when none is known yet.
  structure = say null (import nixpkgs { });
  servicesOf = attrsOr { } structure.services;

  # The models again for each system of a target, for the packages only.
  bySystem = listToAttrs (map
    (system: { name = system; value = say system (import nixpkgs { inherit system; }); })
    (attrNames (listToAttrs (map
      (target: { name = target.system; value = null; })
      (attrValues targets.normalized)))));

  own = servicesFile {
    inherit lib deployState;
    structure = servicesOf;
    forSystem = system: bySystem.${system}.services;
    infrastructure = targets;
    distribution = placed;
  };
  onTargets = packagesFile {
    inherit lib targets;
    model = structure.packages;
    forSystem = system: bySystem.${system}.packages;
    inherit (own) describe;
  };
  errors = targets.errors
    ++ onTargets.errors
    ++ validateFile {
      inherit lib distributionModel own;
      model = structure.services;
      structure = servicesOf;
      infrastructure = targets;
    };
  # "all"; "possible", without those that throw; "none".
  complete = if errors == [ ] then withPackages else "none";
in
{
  inherit errors;
  infrastructure = targets.report;
  services = own.report complete;
  # Where the distribution speaks of each service.
  distribution = mapAttrs (service: _: positionOf service placed) placed;
  packages = onTargets.report complete;
}
