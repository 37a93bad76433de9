# Three test hosts, by name: their addresses may change.
let
  target = name: {
    properties.hostname = name;
    numOfCores = 2;
    containers.process = {
      listenAddress = "0.0.0.0";
      runtimeDir = "/run/guestbook";
      dataDir = "/srv/guestbook";
      settleMs = 10000;
    };
  };
in
{
  test1 = target "test1";
  test2 = target "test2";
  test3 = target "test3";
}
