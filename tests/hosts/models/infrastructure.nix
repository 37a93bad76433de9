# The test hosts, by name. $ERIS_TEST_TARGETS says how many.
let
  count = builtins.getEnv "ERIS_TEST_TARGETS";
  names = builtins.genList (i: "test${toString (i + 1)}") (if count == "" then 3 else builtins.fromJSON count);
in
builtins.listToAttrs (map (name: {
  inherit name;
  value = { properties.hostname = name; containers.wrapper = { }; numOfCores = 2; };
}) names)
