# The profile of each target: its packages joined by builtin:buildenv, and beside them, as `manifest.nix`, what is
# mapped there. Derivations are made here, not built.
#
# The manifest names every package, so that one whose files are all shadowed by another, or that is a plain file,
# stays in the closure. It is written by the shell's own printf: nothing else is sure to exist in a build.
{ targets }:
with builtins;
let
  # JSON has lost the context of store paths; without it nothing would be built.
  restore = package:
    if package.derivation == "" then appendContext package.path { ${package.path} = { path = true; }; }
    else appendContext package.path { ${package.derivation} = { outputs = [ package.output ]; }; };

  profile = target:
    let
      packages = map restore target.packages;
      manifest = derivation {
        name = "${target.storeName}-manifest";
        inherit (target) system; # built where the packages are
        builder = "/bin/sh";
        # Sourced, because a shell reads a script in blocks but `read` its input byte by byte.
        args = [ "-e" "-c" ". \"$writeTextPath\"" ];
        passAsFile = [ "writeText" "packages" ];
        writeText = "printf '%s\\n' '${target.text}' > \"$out\"\n";
        inherit packages;
        preferLocalBuild = true;
        allowSubstitutes = false;
      };
      # One priority each: files that collide are legal, the first package wins.
      ranked = genList (i: [ "true" (i + 1) 1 (elemAt packages i) ]) (length packages);
    in
    derivation {
      name = target.storeName;
      system = "builtin";
      builder = "builtin:buildenv";
      derivations = concatLists ranked;
      inherit manifest;
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
in
listToAttrs (map
  (target: {
    inherit (target) name;
    value =
      let made = profile target;
      in {
        derivation = unsafeDiscardStringContext made.drvPath;
        path = unsafeDiscardStringContext made.outPath;
      };
  })
  targets)
