// Where this program was installed.
#pragma once

#include <string>

namespace eris {

// The program `name` in the directory of the one that runs.
std::string ProgramBeside(const char* name);

}  // namespace eris
