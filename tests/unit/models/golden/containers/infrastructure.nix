{
  test1 = { system = "x86_64-linux"; properties.hostname = "one"; containers.webapp = { port = 1; }; };
  test2 = { system = "x86_64-linux"; properties.hostname = "two"; };
}
