# A deployment model written in Nix, as the JSON that manifest_json.h reads: packages become paths, and targets are
# of this machine's system where they do not say.
{ lib }:
model:
with builtins; with lib;
let
  packageOf = service:
    let pkg = service.pkg or null;
    in if isAttrs service && isDerivation pkg then {
      pkg = unsafeDiscardStringContext pkg.outPath;
      derivation = unsafeDiscardStringContext pkg.drvPath;
      inherit (pkg) system;
    } else { };
  over = f: set: if isAttrs set then mapAttrs (_: value: if isAttrs value then f value else value) set else set;
  loaded = load model;
in
if !(isAttrs loaded) then throw "the deployment model is ${show loaded}, not an attribute set"
else plain (loaded // {
  services = over (service: service // packageOf service) (loaded.services or { });
  infrastructure = over (target: { system = currentSystem; } // target) (loaded.infrastructure or { });
})
