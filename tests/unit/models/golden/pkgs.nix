# Packages small enough for every test: one file each.
{ system }:
{
  make = name: text: derivation {
    inherit name text;
    system = if system == null then "none" else system;
    builder = "/bin/sh";
    args = [ "-c" "printf '%s' \"$text\" > $out" ];
  };
}
