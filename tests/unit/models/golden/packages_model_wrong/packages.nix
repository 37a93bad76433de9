{ pkgs, system }:
{
  test1 = [ 5 "/etc/passwd" ];
  elsewhere = [ ];
}
