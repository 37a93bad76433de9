# Services and their distribution: who runs where, what each package is called with, and the packages
# themselves. Linear in services + mappings + interdependencies: everything that several places need is an
# attribute set by name, evaluated once.
{ lib, infrastructure, structure, forSystem, distribution, deployState }:
with builtins; with lib;
let
  names = filter (name: isAttrs structure.${name}) (attrNames structure);
  reserved = [
    "name" "pkg" "type" "deployState" "dependsOn" "connectsTo" "activatesAfter" "providesContainer"
    "providesContainers" "targets"
  ];
  kinds = [ "dependsOn" "connectsTo" "activatesAfter" ];

  typeOfService = name:
    let type = (structure.${name} or { }).type or null; in if isString type then type else "";

  # --- where -------------------------------------------------------------------------------------
  # The forms of a target list (a list of targets, or { targets = [ { target; container?; } … ]; }) as
  # [ { target; container; } ]; target = null where an element is no target of the infrastructure.
  elementsOf = value:
    if isList value then value
    else if isAttrs value && isList (value.targets or null) then value.targets
    else [ ];
  wellFormed = value: isList value || (isAttrs value && isList (value.targets or null));
  place = defaultContainer: element:
    if isAttrs element && element ? target && !(element ? properties) then {
      target = infrastructure.nameOf element.target;
      container = element.container or defaultContainer;
    } else {
      target = infrastructure.nameOf element;
      container = defaultContainer;
    };
  placesOf = defaultContainer: value: map (place defaultContainer) (elementsOf value);
  known = filter (p: p.target != null);

  placement = name: structure.${name}.targets or (distribution.${name} or [ ]);
  mappings = listToAttrs (map
    (name: { inherit name; value = known (placesOf (typeOfService name) (placement name)); })
    names);

  # --- containers provided by services -----------------------------------------------------------
  providedContainers = name:
    let service = structure.${name};
    in if isString (service.providesContainer or null)
    then { ${service.providesContainer} = removeAttrs service reserved; }
    else attrsOr { } (service.providesContainers or { });

  offers = concatMap
    (name: concatMap
      (container: map (mapping: { inherit (mapping) target; inherit container name; }) mappings.${name})
      (attrNames (providedContainers name)))
    names;
  # target -> container -> name of the providing service
  providers = mapAttrs
    (_: list: listToAttrs (map (offer: { name = offer.container; value = offer.name; }) list))
    (groupBy (offer: offer.target) offers);

  containerProperties = { target, container }:
    let provider = (providers.${target} or { }).${container} or null; in
    if provider != null then (providedContainers provider).${container}
    else infrastructure.normalized.${target}.containers.${container} or
      (throw "target '${target}' offers no container '${container}'");

  # --- what a package is called with -------------------------------------------------------------
  parameterTarget = mapping:
    removeAttrs infrastructure.normalized.${mapping.target} [ "containers" ] // {
      selectedContainer = mapping.container;
      container = containerProperties mapping;
    };
  parameterTargets = name: places:
    let targets = map parameterTarget places; in {
      inherit targets;
      target =
        if targets == [ ] then throw "the service '${name}' is an interdependency but runs nowhere"
        else head targets;
    };
  # By name, so that a diamond of interdependencies is walked once.
  parameters = listToAttrs (map
    (name:
      let
        service = structure.${name};
        deeper = (service.connectsTo or { }) // (service.dependsOn or { });
      in {
        inherit name;
        value = removeAttrs service kinds // {
          type = typeOfService name;
          deployState = service.deployState or deployState;
          providesContainers = providedContainers name;
          pkgs = packages.${name};
        } // parameterTargets name mappings.${name}
        // (if deeper == { } then { } else { connectsTo = mapAttrs (_: parameter) deeper; });
      })
    names);
  parameter = dependency:
    if dependency ? targets
    then parameters.${dependency.name} // parameterTargets dependency.name (bound dependency)
    else parameters.${dependency.name};

  # An interdependency bound to some instances names its targets itself.
  bound = dependency: known (placesOf (typeOfService dependency.name) dependency.targets);

  # --- packages ----------------------------------------------------------------------------------
  systemsOf = name: attrNames (listToAttrs (map
    (mapping: { name = infrastructure.normalized.${mapping.target}.system; value = null; })
    mappings.${name}));
  packages = listToAttrs (map
    (name: {
      inherit name;
      value = listToAttrs (map (system: { name = system; value = package name system; }) (systemsOf name));
    })
    names);
  # `pkg` comes from the model evaluated for the target's system, its parameters from the structure.
  package = name: system:
    let
      pkg = (forSystem system).${name}.pkg;
      needed = attrsOr { } (structure.${name}.connectsTo or { }) // attrsOr { } (structure.${name}.dependsOn or { });
      missing = filter (argument: !(argumentsOf pkg).${argument} && !(needed ? ${argument}))
        (attrNames (argumentsOf pkg));
    in
    if needed == { } || !(isCallable pkg) then pkg
    else if missing != [ ] then { __missing = missing; }
    else pkg (mapAttrs (_: parameter) needed);

  # A package as C++ reads it. A string made from one derivation is that derivation.
  describe = value:
    if isAttrs value && value ? __missing then {
      error = "its pkg asks for '${concatStringsSep "', '" value.__missing}', which is no interdependency of it";
      fix = "declare it in dependsOn or connectsTo, or give it a default in the head of pkg";
    }
    else if isCallable value && !(isDerivation value) then {
      error = "its pkg is a function, but it has no interdependency to call it with";
      fix = "let pkg be the package itself, or declare dependsOn or connectsTo";
    }
    else if isDerivation value then {
      derivation = unsafeDiscardStringContext value.drvPath;
      path = unsafeDiscardStringContext value.outPath;
      output = value.outputName or "out";
    }
    else if isString value || isPath value || (isAttrs value && value ? outPath) then
      let
        text = "${value}";
        origins = filter (origin: match ".*[.]drv" origin != null) (attrNames (getContext text));
      in {
        derivation = if origins == [ ] then "" else head origins;
        path = unsafeDiscardStringContext text;
        output =
          if origins == [ ] then "" else head ((getContext text).${head origins}.outputs or [ "out" ]);
      }
    else {
      error = "its pkg is ${show value}, not a package";
      fix = "let pkg be a derivation, or a function that yields one from the interdependencies";
    };

  # --- what C++ reads ----------------------------------------------------------------------------
  interdependencies = kind: name:
    let group = attrsOr { } (structure.${name}.${kind} or { }); in
    map
      (parameterName:
        let dependency = group.${parameterName}; in {
          parameter = parameterName;
          service = dependency.name;
          position = positionOf parameterName group;
          targets = if dependency ? targets then bound dependency else null;
        })
      (filter (parameterName: isString (group.${parameterName}.name or null)) (attrNames group));

  reportOf = withPackages: name:
    let service = structure.${name}; in {
      type = typeOfService name;
      position = positionOf name structure;
      deployState = service.deployState or deployState;
      stateUndo = service.stateUndo or false;
      deadline = service.deadline or null;
      targets = mappings.${name};
      dependsOn = interdependencies "dependsOn" name;
      connectsTo = interdependencies "connectsTo" name;
      activatesAfter = interdependencies "activatesAfter" name;
      providesContainers = plain (providedContainers name);
      packages = evaluated withPackages (mapAttrs
        (_: package: located "services" "${name}.pkg" (positionOf name structure) (describe package))
        packages.${name});
    };
in
{
  report = withPackages:
    listToAttrs (map
      (name: {
        inherit name;
        value = located "services" name (positionOf name structure) (reportOf withPackages name);
      })
      names);
  inherit describe names typeOfService elementsOf wellFormed placesOf kinds;
}
