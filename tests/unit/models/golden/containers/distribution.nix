{ infrastructure }:
{
  server = [ infrastructure.test1 infrastructure.test2 ];
  bus = [ infrastructure.test2 ];
  app = [ infrastructure.test1 infrastructure.test2 ];
  job = [ infrastructure.test2 ];
}
