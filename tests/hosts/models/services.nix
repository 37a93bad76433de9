# Three tiers whose every step takes a while, so that a test can get between: building takes `build` seconds, locking
# `lock`, activating and deactivating `step`; the package of `data` weighs `megabytes`; activating the service `failing`
# does what `fails` says. What is active on a host says so in /srv/NAME: its version.
{ system, pkgs, distribution, invDistribution, version ? "1", build ? "0", lock ? "0", step ? "0", failing ? "", fails ? "exit 1"
, megabytes ? "0" }:
let
  make = name: derivation {
    name = "${name}-${version}";
    inherit system version lock step;
    megabytes = if name == "data" then megabytes else "0";
    seconds = build;
    fails = if failing == name then fails else ":";
    service = name;
    builder = "/bin/sh";
    args = [
      "-ec"
      ''
        PATH=/usr/bin:/bin
        sleep "$seconds"
        mkdir -p "$out/bin"
        head -c "$megabytes"M /dev/urandom > "$out/weight"
        cat > "$out/bin/wrapper" <<END
        #!/bin/sh
        case \$1 in
          lock) sleep $lock ;;
          activate) sleep $step; $fails; echo $version > /srv/$service ;;
          deactivate) sleep $step; rm -f /srv/$service ;;
        esac
        END
        chmod 755 "$out/bin/wrapper"
      ''
    ];
  };
  service = name: dependsOn: {
    inherit name dependsOn;
    type = "wrapper";
    pkg = if dependsOn == { } then make name else (builtins.getAttr (builtins.head (builtins.attrNames dependsOn)) takes) name;
  };
  # A package that is a function of its interdependency.
  takes = {
    data = name: { data }: make name;
    api = name: { api }: make name;
  };
in
rec {
  data = service "data" { };
  api = service "api" { inherit data; };
  web = service "web" { inherit api; };
  extra = service "extra" { };
}
