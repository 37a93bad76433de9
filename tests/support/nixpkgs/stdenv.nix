# mkDerivation with the phases that the tests' models use.
{ system }:
let
  builder = builtins.toFile "builder.sh" ''
    PATH=''${PATH:-}:/usr/bin:/bin
    for package in ''${buildInputs:-} ''${nativeBuildInputs:-}; do PATH=$package/bin:$PATH; done
    export PATH
    if [ -n "''${buildCommand:-}" ]; then
      if [ -n "''${buildCommandPath:-}" ]; then . "$buildCommandPath"; else eval "$buildCommand"; fi
      exit 0
    fi
    for phase in ''${phases:-unpackPhase patchPhase configurePhase buildPhase installPhase fixupPhase}; do
      eval "text=\''${$phase:-}"
      if [ "$phase" = unpackPhase ] && [ -z "$text" ] && [ -d "''${src:-}" ]; then
        text='cp -R "$src" source; chmod -R u+w source; cd source'
      fi
      eval "$text"
    done
  '';
in
rec {
  inherit system;
  isLinux = true;
  mkDerivation = { name ? "${pname}-${version}", pname ? "", version ? "", ... } @ arguments:
    let
      made = derivation (removeAttrs arguments [ "meta" "passthru" ] // {
        inherit name system;
        builder = arguments.builder or "/bin/sh";
        args = arguments.args or [ "-e" builder ];
      });
    in made // { meta = arguments.meta or { }; } // (arguments.passthru or { });
}
