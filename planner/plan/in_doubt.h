// Marks on what may run otherwise than a manifest says, after a transaction was given up. What is
// marked is another mapping than any that is wanted: it is taken down, and what is wanted is
// brought up anew. Activities name it without its mark. Pure.
#pragma once

#include <string>
#include <string_view>

namespace eris {

// `digest` is that of a mapping or of a profile. Marking twice is marking once.
void MarkInDoubt(std::string& digest);
// It is in doubt, and no generation has it: the transaction may have left it there. Nothing brings
// it up again, not even a way back.
void MarkAsStray(std::string& digest);

bool IsInDoubt(std::string_view digest);  // strays, too
bool IsStray(std::string_view digest);
std::string WithoutMark(std::string_view digest);

}  // namespace eris
