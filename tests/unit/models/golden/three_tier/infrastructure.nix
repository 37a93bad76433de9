{
  test1 = {
    system = "x86_64-linux";
    properties = { hostname = "one.example"; };
    containers.process = {
      runtimeDir = "/run/one";
      flag = true;
      off = false;
      list = [ 1 "two" false ];
      factor = 1.5;
      nested = { a = 1; };
      key = { _secret = "one-key"; };
    };
  };
  test2 = {
    system = "x86_64-linux";
    numOfCores = 4;
    clientInterface = "disnix-ssh-client";
    properties = { hostname = "two.example"; };
    containers.process = { runtimeDir = "/run/two"; };
  };
  test3 = {
    system = "x86_64-linux";
    targetProperty = "address";
    properties = { address = "192.0.2.3"; hostname = "two.example"; };
  };
}
