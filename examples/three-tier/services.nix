# What is deployed: a guest book in three tiers. Each service says what it depends on, not where anything runs.
#
# The ports can be chosen: --extra-params '{ dataPort = 17001; apiPort = 17002; webPort = 18080; }'
{ system, pkgs, distribution, invDistribution
, dataPort ? 7001, apiPort ? 7002, webPort ? 8080
, apiVersion ? "1.0", dataProtocol ? 1
}:
let
  customPkgs = import ./pkgs { inherit system; };
in
rec {
  # Keeps entries in a file and speaks a line protocol over TCP.
  data = {
    name = "data";
    type = "process";
    port = dataPort;
    pkg = customPkgs.data { port = dataPort; };
  };

  # JSON over HTTP for whoever wants to read or write the guest book.
  api = {
    name = "api";
    type = "process";
    port = apiPort;
    dependsOn = { inherit data; };
    pkg = customPkgs.api { port = apiPort; version = apiVersion; inherit dataProtocol; };
  };

  # The page for people.
  web = {
    name = "web";
    type = "process";
    port = webPort;
    dependsOn = { inherit api; };
    pkg = customPkgs.web { port = webPort; };
  };
}
