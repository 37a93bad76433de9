{ infrastructure }:
{
  unknown = [ infrastructure.test1 ];
  a = "test1";
  b = [ { properties.hostname = "elsewhere"; } ];
  c.targets = [ { target = infrastructure.test1; container = 5; } ];
  d = [ infrastructure.test2 infrastructure.test2 ];
}
