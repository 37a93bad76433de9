# Where services may run: three targets. All of 127.0.0.0/8 is this machine, so each has an address of its own and
# the example needs no second computer; give them real host names and nothing else changes.
#
# What the services keep (data, PID files, logs) is below $ERIS_EXAMPLE_DIR.
let
  chosen = builtins.getEnv "ERIS_EXAMPLE_DIR";
  directory = if chosen != "" then chosen else "${builtins.getEnv "HOME"}/.local/state/eris-example";

  target = name: address: {
    properties.hostname = address;
    numOfCores = 2;
    # Every property of the container is an environment variable of the services in it.
    containers.process = {
      listenAddress = address;
      runtimeDir = "${directory}/${name}/run";
      dataDir = "${directory}/${name}/data";
      # The programs go into the background once they listen; one that needs longer counts as a foreground program.
      settleMs = 10000;
    };
  };
in
{
  test1 = target "test1" "127.0.0.11";
  test2 = target "test2" "127.0.0.12";
  test3 = target "test3" "127.0.0.13";
}
