# The builders around mkDerivation.
{ lib, stdenv }:
rec {
  runCommand = name: environment: buildCommand:
    stdenv.mkDerivation ({ inherit name buildCommand; } // environment);
  writeTextFile = { name, text, executable ? false, destination ? "" }:
    runCommand name { inherit text destination; passAsFile = [ "text" ]; } ''
      mkdir -p "$(dirname "$out$destination")"
      cp "$textPath" "$out$destination"
      ${lib.optionalString executable ''chmod +x "$out$destination"''}
    '';
  writeText = name: text: writeTextFile { inherit name text; };
  writeScript = name: text: writeTextFile { inherit name text; executable = true; };
  writeScriptBin = name: text: writeTextFile { inherit name text; executable = true; destination = "/bin/${name}"; };
  # @name@ of each argument that is text or a number; `dir` says where below the output.
  substituteAll = { src, name ? baseNameOf (toString src), dir ? null, isExecutable ? false, ... } @ arguments:
    let
      values = lib.filterAttrs (_: value: builtins.isString value || builtins.isInt value)
        (removeAttrs arguments [ "src" "name" "dir" "isExecutable" ]);
      rules = lib.mapAttrsToList (variable: value: "-e 's|@${variable}@|${toString value}|g'") values;
      folder = "$out" + lib.optionalString (dir != null) "/${dir}";
      file = if dir == null then "$out" else "${folder}/${name}";
    in
    runCommand name { inherit src; } ''
      ${lib.optionalString (dir != null) ''mkdir -p "${folder}"''}
      sed ${lib.concatStringsSep " " rules} -e "" "$src" > "${file}"
      ${lib.optionalString isExecutable ''chmod +x "${file}"''}
    '';
  buildEnv = { name, paths, ... }:
    runCommand name { inherit paths; } ''
      mkdir -p $out
      for path in $paths; do cp -Rs --no-preserve=mode "$path"/. "$out"/; done
    '';
  symlinkJoin = buildEnv;
}
