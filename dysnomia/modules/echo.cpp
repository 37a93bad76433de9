// echo: every activity prints a line and the environment, and succeeds.
#include "dysnomia/modules/built_in.h"

namespace eris::dysnomia {
namespace echo_module {
namespace {

Status Run(const ActivityContext& context) {
  std::string text;
  text.append("echo ").append(ModuleWord(context.kind)).append(" ");
  text.append(context.component.native()).append(" ").append(context.container);
  for (const auto& [name, value] : context.environment) {
    text.append("\n").append(name).append("=").append(value);
  }
  Say(text);
  return {};
}

}  // namespace
}  // namespace echo_module

const BuiltInModule& EchoModule() {
  static const BuiltInModule kModule{
      .name = "echo",
      .activities = AllActivitiesBut(ActivityKind::kStatus),
      .run = echo_module::Run,
  };
  return kModule;
}

}  // namespace eris::dysnomia
