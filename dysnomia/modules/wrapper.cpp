// wrapper: the component brings its own program bin/wrapper, called as `bin/wrapper ACTIVITY
// CONTAINER` for every activity, lock and unlock included. Its exit status is the module's.
#include <unistd.h>

#include "dysnomia/modules/built_in.h"

namespace eris::dysnomia {
namespace wrapper_module {
namespace {

Status Run(const ActivityContext& context) {
  const auto program = context.component / "bin" / "wrapper";
  if (::access(program.c_str(), X_OK) != 0) {
    return Fail(ErrorCode::kInvalid, program.string() + " is no program",
                "a component of type wrapper has an executable bin/wrapper");
  }
  return RunTool(context,
                 {program.string(), std::string(ModuleWord(context.kind)), context.container});
}

}  // namespace
}  // namespace wrapper_module

const BuiltInModule& WrapperModule() {
  static const BuiltInModule kModule{
      .name = "wrapper",
      .activities = AllActivitiesBut(ActivityKind::kStatus),
      .run = wrapper_module::Run,
  };
  return kModule;
}

}  // namespace eris::dysnomia
