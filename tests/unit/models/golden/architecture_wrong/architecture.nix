{ system, pkgs }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in {
  infrastructure = {
    test1 = { system = "x86_64-linux"; properties.hostname = "one"; };
    test2 = { properties.hostname = "one"; numOfCores = 0; };
  };
  services = {
    db = { name = "data"; type = "echo"; pkg = make "db" "db"; targets = "test1"; };
    web = { name = "web"; type = "echo"; pkg = make "web" ""; targets = [ { properties.hostname = "three"; } ]; };
  };
  targetPackages.test3 = [ ];
}
