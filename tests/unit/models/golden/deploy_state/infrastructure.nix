{
  test1 = { system = "x86_64-linux"; properties.hostname = "one"; };
  test2 = { system = "x86_64-linux"; properties.hostname = "two"; };
}
