{ infrastructure }:
{
  app.targets = [
    { target = infrastructure.test1; container = "primary"; }
    { target = infrastructure.test1; container = "secondary"; }
    { target = infrastructure.test2; }
  ];
  user = [ infrastructure.test2 ];
}
