# `server` provides a container on both of its targets, `bus` two with properties each.
{ system, pkgs, distribution, invDistribution }:
let inherit (import ../pkgs.nix { inherit system; }) make;
in rec {
  server = {
    name = "server";
    type = "process";
    providesContainer = "webapp";
    port = 8080;
    root = "/srv/www";
    pkg = make "server-1" "server";
  };
  bus = {
    name = "bus";
    type = "process";
    providesContainers = {
      queue = { limit = 10; };
      topic = { password = "guess"; };
    };
    pkg = make "bus-1" "bus";
  };
  app = { name = "app"; type = "webapp"; pkg = make "app-1" "app"; };
  job = {
    name = "job";
    type = "queue";
    connectsTo = { inherit app; };
    pkg = { app }: make "job-1" "${app.target.container.root}:${toString app.target.container.port}";
  };
}
