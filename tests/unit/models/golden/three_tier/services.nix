{ system, pkgs, distribution, invDistribution, version ? "1" }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  data = {
    name = "data";
    type = "process";
    port = 7001;
    deployState = true;
    stateUndo = true;
    deadline = 30;
    pkg = make "data-1.0" "data";
  };
  api = {
    name = "api";
    type = "process";
    port = 7002;
    dependsOn = { inherit data; };
    pkg = { data }: make "api-${version}" "data at ${data.target.properties.hostname}:${toString data.port}";
  };
  web = {
    name = "web";
    type = "process";
    dependsOn = { backend = api; };
    activatesAfter = { inherit data; };
    pkg = { backend }:
      make "web-1.0" (builtins.toJSON {
        names = map (target: target.properties.hostname) backend.targets;
        deeper = backend.connectsTo.data.target.properties.hostname;
        container = backend.target.selectedContainer;
        dir = backend.target.container.runtimeDir;
        inherit (backend) type deployState port;
      });
  };
  tools = { name = "tools"; type = "package"; pkg = make "tools-1.0" "tools"; };
  unused = { name = "unused"; type = "echo"; pkg = throw "never evaluated"; };
}
