{ infrastructure }:
{
  db = [ infrastructure.big infrastructure.small ];
  api = [ infrastructure.big infrastructure.small ];
}
