# Which service runs where.
{ infrastructure }:
{
  data = [ infrastructure.test1 ];
  api = [ infrastructure.test2 ];
  web = [ infrastructure.test3 ];
}
