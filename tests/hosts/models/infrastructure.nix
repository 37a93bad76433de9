# The test hosts, by name. $ERIS_TEST_TARGETS says how many, $ERIS_TEST_SUBSTITUTERS_NAME where one has paths from.
let
  count = builtins.getEnv "ERIS_TEST_TARGETS";
  names = builtins.genList (i: "test${toString (i + 1)}") (if count == "" then 3 else builtins.fromJSON count);
  substituters = text: if text == "" then { } else { substituters = text; };
in
builtins.listToAttrs (map (name: {
  inherit name;
  value = {
    properties = { hostname = name; } // substituters (builtins.getEnv "ERIS_TEST_SUBSTITUTERS_${name}");
    containers.wrapper = { };
    numOfCores = 2;
  };
}) names)
