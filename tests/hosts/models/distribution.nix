# data, api and web over the first three targets, `extra` on the fourth, as far as there are that many. `swapped` = "1":
# data and api change places.
{ infrastructure, swapped ? "0" }:
with infrastructure;
{
  data = [ (if swapped == "1" then test2 else test1) ];
  api = [ (if swapped == "1" then test1 else test2) ];
} // (if infrastructure ? test3 then { web = [ infrastructure.test3 ]; } else { })
  // (if infrastructure ? test4 then { extra = [ infrastructure.test4 ]; } else { })
