{
  test1 = { system = "x86_64-linux"; properties = { hostname = "one"; supportedTypes = [ "echo" "process" ]; }; };
  test2 = { system = "x86_64-linux"; properties.hostname = "two"; };
}
