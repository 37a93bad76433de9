{ infrastructure }:
{
  db = [ infrastructure.test1 infrastructure.test2 ];
  front-test1 = [ infrastructure.test1 ];
  front-test2 = [ infrastructure.test2 ];
}
