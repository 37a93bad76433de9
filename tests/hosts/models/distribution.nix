# data, api and web over the first three targets, `extra` on the fourth, as far as there are that many.
{ infrastructure }:
with infrastructure;
{
  data = [ test1 ];
  api = [ test2 ];
} // (if infrastructure ? test3 then { web = [ infrastructure.test3 ]; } else { })
  // (if infrastructure ? test4 then { extra = [ infrastructure.test4 ]; } else { })
