// How this machine is: load and free disk. Asks the kernel.
#pragma once

#include <string>

#include "schema/values/message.h"

namespace eris {

// Both folders exist. What the kernel does not tell is 0.
Vitals ReadVitals(const std::string& store_dir, const std::string& state_dir);

}  // namespace eris
