{ infrastructure }:
{
  tools = [ infrastructure.test1 ];
  here = [ infrastructure.test1 ];
  one = [ infrastructure.test1 ];
  two = [ infrastructure.test1 ];
  user = [ infrastructure.test1 ];
  odd = [ infrastructure.test1 ];
  function = [ infrastructure.test2 ];
}
