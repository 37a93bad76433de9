#include "schema/base/own_program.h"

#include <filesystem>

namespace eris {

std::string ProgramBeside(const char* name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

}  // namespace eris
