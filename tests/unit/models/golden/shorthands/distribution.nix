{ infrastructure }:
{
  short = [ infrastructure.test1 ];
  long.targets = [
    { target = infrastructure.test1; container = "first"; }
    { target = infrastructure.test1; container = "second"; }
    { target = infrastructure.test2; }
  ];
  own = [ infrastructure.test1 ];
  text = [ infrastructure.test1 ];
}
