{
  test1 = {
    system = "x86_64-linux"; properties.hostname = "one";
    containers = { primary.port = 1; secondary.port = 2; };
  };
  test2 = { system = "x86_64-linux"; properties.hostname = "two"; containers.echo.port = 3; };
}
