{ infrastructure }:
{
  data = [ infrastructure.test1 ];
  api = [ infrastructure.test1 infrastructure.test2 ];
  web = [ infrastructure.test3 ];
  tools = [ infrastructure.test3 ];
}
