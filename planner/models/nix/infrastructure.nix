# The infrastructure model: targets with their defaults, and how a value is recognised as a target.
{ lib, model, targetProperty }:
with builtins; with lib;
let
  shape = !(isAttrs model);
  targets = attrsOr { } model;

  addressProperty = target:
    if isString (target.targetProperty or null) then target.targetProperty else targetProperty;
  addressOf = target:
    if !(isAttrs target) then null
    else (attrsOr { } (target.properties or { })).${addressProperty target} or null;

  usable = name: isAttrs targets.${name} && addressOf targets.${name} != null;
  names = attrNames targets;

  # Models hand targets around by value; the address tells which one it is.
  byAddress = listToAttrs (map
    (name: { name = toString (addressOf targets.${name}); value = name; })
    (filter usable names));
in
rec {
  inherit targets byAddress addressOf;

  # Name of the target that a value of a model stands for, or null.
  nameOf = value:
    let address = addressOf value;
    in if address == null then null else byAddress.${toString address} or null;

  normalized = mapAttrs
    (name: target: {
      properties = target.properties or { };
      containers = target.containers or { };
      system = if isString (target.system or null) then target.system else currentSystem;
      numOfCores = target.numOfCores or 1;
      clientInterface = target.clientInterface or "";
      targetProperty = addressProperty target;
    })
    (listToAttrs (map (name: { inherit name; value = targets.${name}; }) (filter usable names)));

  # What C++ reads.
  report = mapAttrs
    (name: target: located "infrastructure" name (positionOf name targets) (target // {
      properties = plain target.properties;
      containers = plain target.containers;
      position = positionOf name targets;
    }))
    normalized;

  errors =
    if shape then [
      (finding "infrastructure" "" null "the infrastructure model is ${show model}, not an attribute set"
        "write it as { test1 = { properties.hostname = \"…\"; }; … }")
    ]
    else concatMap
      (name:
        let
          target = targets.${name};
          at = positionOf name targets;
          wrong = path: message: fix: [ (finding "infrastructure" "${name}${path}" at message fix) ];
          optional = attribute: check: what: fix:
            if !(target ? ${attribute}) || check target.${attribute} then [ ]
            else wrong ".${attribute}" "${attribute} is ${show target.${attribute}}, not ${what}" fix;
        in
        if !(isAttrs target) then
          wrong "" "the target is ${show target}, not an attribute set"
            "write ${name} = { properties.hostname = \"…\"; };"
        else if !(isString (target.targetProperty or "")) then
          wrong ".targetProperty" "targetProperty is ${show target.targetProperty}, not the name of a property"
            "write targetProperty = \"hostname\";"
        else if !(isAttrs (target.properties or { })) then
          wrong ".properties" "the properties are ${show target.properties}, not an attribute set" "write properties = { … };"
        else if addressOf target == null then
          wrong ".properties" "the target has no property '${addressProperty target}' that tells its address"
            "add properties.${addressProperty target}, or name another one with --target-property"
        else if !(isAttrs (target.containers or { })) then
          wrong ".containers" "the containers are ${show target.containers}, not an attribute set" "write containers = { … };"
        else concatMap
          (container:
            if isAttrs target.containers.${container} then [ ] else
            wrong ".containers.${container}"
              "the properties of the container are ${show target.containers.${container}}, not an attribute set"
              "write ${container} = { … };")
          (attrNames (target.containers or { }))
        ++ optional "system" isString "a Nix system" "write system = \"x86_64-linux\";"
        ++ optional "clientInterface" isString "a command" "write clientInterface = \"…\";"
        ++ optional "numOfCores" (cores: isInt cores && cores >= 1 && cores <= 65536) "a number from 1 to 65536"
          "write numOfCores = 1;")
      names;
}
