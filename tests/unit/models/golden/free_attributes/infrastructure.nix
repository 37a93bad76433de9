# `services` of a target, and whatever Disnix does not know, is left alone.
{
  test1 = { system = "x86_64-linux"; properties = { hostname = "one"; mac = [ "a" "b" ]; }; rack = 7; };
}
