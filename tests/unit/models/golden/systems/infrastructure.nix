{
  big = { system = "x86_64-linux"; properties.hostname = "big"; };
  small = { system = "armv7l-linux"; properties.hostname = "small"; };
}
