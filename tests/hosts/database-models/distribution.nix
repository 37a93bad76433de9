# All states on one target, who writes them on another.
{ infrastructure, at ? "test1" }:
let here = [ infrastructure.${at} ]; in
with infrastructure;
{ rooms = here; guests = here; notes = here; roomsWriter = [ test3 ]; guestsWriter = [ test3 ]; }
