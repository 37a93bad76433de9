# Findings about the shape of services and distribution: what C++ could not even read. What the models mean
# (unknown names, cycles, duplicates) is judged there.
{ lib, model, structure, distributionModel, own, infrastructure }:
with builtins; with lib;
let
  service = name:
    let
      value = structure.${name};
      at = positionOf name structure;
      wrong = path: message: fix: [ (finding "services" "${name}${path}" at message fix) ];
      expect = good: path: message: fix: if good then [ ] else wrong path message fix;
      optional = attribute: check: what: fix:
        expect (!(value ? ${attribute}) || check value.${attribute}) ".${attribute}"
          "${attribute} is ${show value.${attribute}}, not ${what}" fix;
      named = value.name or null;
    in
    if !(isAttrs value) then wrong "" "the service is ${show value}, not an attribute set" "write ${name} = { name = \"${name}\"; pkg = …; type = …; };"
    else
      expect (isString named) "" "the service has no name" "add name = \"${name}\";"
      ++ expect (!(isString named) || named == name) ".name"
        "the service is called '${toString named}' but its attribute '${name}'" "give both the same name"
      ++ expect (isString (value.type or null) && value.type != "") "" "the service has no type"
        "add type = \"process\"; or another Dysnomia module"
      ++ expect (value ? pkg) "" "the service has no pkg" "add pkg = …;"
      ++ optional "deployState" isBool "true or false" "write deployState = true;"
      ++ optional "stateUndo" isBool "true or false" "write stateUndo = true;"
      ++ optional "deadline" (seconds: isInt seconds && seconds >= 1) "a number of seconds" "write deadline = 600;"
      ++ optional "providesContainer" isString "the name of a container" "write providesContainer = \"…\";"
      ++ optional "providesContainers" (set: isAttrs set && all (c: isAttrs set.${c}) (attrNames set))
        "containers with their properties" "write providesContainers = { container = { … }; };"
      ++ expect (!(value ? providesContainer && value ? providesContainers)) ".providesContainer"
        "the service has both providesContainer and providesContainers" "keep one of them"
      ++ concatMap (interdependencies name) own.kinds
      ++ (if value ? targets then places "services" "${name}.targets" at value.targets else [ ]);

  interdependencies = name: kind:
    let
      group = structure.${name}.${kind} or { };
      one = parameter:
        let
          path = "${name}.${kind}.${parameter}";
          at = positionOf parameter group;
          dependency = group.${parameter};
        in
        if !(isAttrs dependency) || !(isString (dependency.name or null)) then [
          (finding "services" path at "the interdependency is not a service" "write inherit ${parameter}; with a service of this model")
        ]
        else if dependency ? targets then places "services" path at dependency.targets
        else [ ];
    in
    if !(isAttrs group) then [
      (finding "services" "${name}.${kind}" (positionOf name structure)
        "${kind} is ${show group}, not an attribute set" "write ${kind} = { inherit …; };")
    ] else concatMap one (attrNames group);

  # A list of targets in any of its forms.
  places = which: path: at: value:
    if !(own.wellFormed value) then [
      (finding which path at "the targets are ${show value}, not a list of targets"
        "write [ infrastructure.a … ] or { targets = [ { target = infrastructure.a; container = \"…\"; } … ]; }")
    ]
    else concatMap
      (place:
        if place.target == null then [
          (finding which path at "one of its targets is not in the infrastructure model"
            "use targets of the infrastructure model, as infrastructure.${firstTarget}")
        ]
        else if !(isString place.container) then [
          (finding which path at "a container is ${show place.container}, not a name" "write container = \"…\";")
        ]
        else [ ])
      (own.placesOf "" value);
  firstTarget = head (attrNames infrastructure.targets ++ [ "a" ]);

  distributed = name:
    let at = positionOf name distributionModel;
    in located "distribution" name at (places "distribution" name at distributionModel.${name});
in
(if isAttrs model then concatMap
  (name: located "services" name (positionOf name structure) (service name))
  (attrNames structure) else [
  (finding "services" "" null "the services model yields ${show model}, not an attribute set" "let it yield { service = { … }; … }")
])
++ (if isAttrs distributionModel then concatMap distributed (attrNames distributionModel) else [
  (finding "distribution" "" null "the distribution model yields ${show distributionModel}, not an attribute set"
    "let it yield { service = [ infrastructure.target … ]; … }")
])
