# Small helpers shared by the other files. Nothing but builtins; each file is one expression, and C++
# puts them together (nix_source.h), so no file imports another.
with builtins;
rec {
  # One finding about a model, as data: all of them are shown, not the first only.
  finding = model: path: position: message: fix: {
    inherit model path position message fix;
  };

  # "file:line" of an attribute, or null where Nix does not know it.
  positionOf = name: set:
    let position = unsafeGetAttrPos name set;
    in if position == null then null else "${position.file}:${toString position.line}";

  # The value, evaluated; an error in it then tells where in the models that was (nix_command.h reads the mark).
  located = model: path: position: value:
    addErrorContext
      "eris: ${if position == null then "" else "${position}: "}${model} model, ${path}"
      (deepSeq value value);

  # Of a set: "all" of its values, "none", or those that are "possible" because they do not throw.
  evaluated = which: set:
    if which == "all" then set
    else if which == "none" then { }
    else
      let attempts = mapAttrs (_: tryEval) set;
      in mapAttrs (name: _: attempts.${name}.value)
        (removeAttrs set (filter (name: !attempts.${name}.success) (attrNames set)));

  # A short text for a message: small values as they are, others by their type.
  show = value:
    if isString value then "\"${value}\""
    else if isInt value || isBool value || isFloat value then toJSON value
    else if value == null then "null"
    else if isList value then "a list"
    else if isFunction value then "a function"
    else if isDerivation value then "a derivation"
    else if isAttrs value then "an attribute set"
    else "a ${typeOf value}";

  isDerivation = value: isAttrs value && (value.type or null) == "derivation";
  isCallable = value: isFunction value || (isAttrs value && value ? __functor);

  # What a set of properties looks like outside Nix: derivations and paths become text, functions are left out.
  plain = value:
    if isAttrs value then
      if isDerivation value || value ? outPath then "${value.outPath}"
      else mapAttrs (_: plain) (withoutFunctions value)
    else if isList value then map plain value
    else if isPath value then toString value
    else value;
  withoutFunctions = set:
    removeAttrs set (filter (name: isFunction set.${name}) (attrNames set));

  # Calls a model with its fixed arguments and those extra parameters that its head names.
  call = model: arguments: extraParams:
    if isCallable model
    then model (arguments // intersectAttrs (argumentsOf model) extraParams)
    else model;
  argumentsOf = function:
    if isFunction function then functionArgs function else function.__functionArgs or { };

  # The models may be JSON files, or values already.
  load = path:
    if !(isPath path || isString path) then path
    else if match ".*[.]json" (toString path) != null then fromJSON (readFile path) else import path;

  attrsOr = default: value: if isAttrs value then value else default;
}
