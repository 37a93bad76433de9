# The functions of nixpkgs' lib that the tests' models use.
with builtins;
rec {
  fix = f: let self = f self; in self;
  id = x: x;
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  optionalString = condition: text: if condition then text else "";
  optionalAttrs = condition: set: if condition then set else { };
  inherit (builtins) concatStringsSep concatMap listToAttrs mapAttrs filter elem head tail length toJSON;
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  filterAttrs = keep: set:
    listToAttrs (concatMap (name: optional (keep name set.${name}) (nameValuePair name set.${name})) (attrNames set));
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  concatStrings = concatStringsSep "";
  range = first: last: if first > last then [ ] else genList (n: first + n) (last - first + 1);
  recursiveUpdate = left: right:
    left // mapAttrs
      (name: value:
        if isAttrs value && isAttrs (left.${name} or null) then recursiveUpdate left.${name} value else value)
      right;
  callPackageWith = scope: file: overrides:
    let f = if isFunction file then file else import file;
    in f (intersectAttrs (functionArgs f) scope // overrides);
  makeBinPath = packages: concatMapStringsSep ":" (package: "${package}/bin") packages;
}
