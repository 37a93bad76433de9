#include "dysnomia/options.h"

#include <algorithm>
#include <array>

namespace eris::dysnomia {
namespace {

struct Known {
  char letter;  // 0: none
  std::string_view name;
  bool takes_value;
};
constexpr std::array kKnown{
    Known{'o', "operation", true},    Known{'c', "component", true}, Known{'C', "container", true},
    Known{'E', "environment", false}, Known{'t', "type", true},      Known{0, "shell", false},
    Known{0, "command", true},        Known{0, "attempt", true},     Known{0, "attempts", true},
    Known{'h', "help", false},        Known{'v', "version", false},
};

tl::unexpected<Error> Refuse(std::string what) {
  return Fail(ErrorCode::kInvalid, std::move(what), "see dysnomia --help");
}

Status Set(Options& options, std::string_view name, std::string value) {
  if (name == "operation") {
    options.operation = ParseActivityKind(value);
    if (!options.operation) return Refuse("there is no operation '" + value + "'");
  } else if (name == "component") {
    options.component = std::move(value);
  } else if (name == "container") {
    options.container = std::move(value);
  } else if (name == "environment") {
    options.properties = PropertySource::kEnvironment;
  } else if (name == "type") {
    options.type = std::move(value);
  } else if (name == "shell") {
    options.operation = ActivityKind::kShell;
  } else if (name == "command") {
    options.command = std::move(value);
  } else if (name == "attempt" || name == "attempts") {
    options.mode = name == "attempt" ? Mode::kAttempt : Mode::kAttempts;
    options.attempt = std::move(value);
  } else {
    options.mode = name == "help" ? Mode::kHelp : Mode::kVersion;
  }
  return {};
}

// Walks over the arguments: -x VALUE, -xVALUE, -Ex…, --name VALUE, --name=VALUE.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& arguments) : all_(arguments) {}

  Result<Options> Parse() {
    Options options;
    for (; at_ < all_.size(); ++at_) {
      const std::string& argument = all_[at_];
      if (argument == "--") break;
      if (argument.starts_with("--")) {
        ERIS_TRY(Long(options, argument.substr(2)));
      } else if (argument.size() > 1 && argument.front() == '-') {
        ERIS_TRY(Short(options, argument.substr(1)));
      } else {
        return Refuse("'" + argument + "' is no option");
      }
      if (options.mode == Mode::kHelp || options.mode == Mode::kVersion) return options;
    }
    return options;
  }

 private:
  Status Long(Options& options, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                    [&](const Known& option) { return option.name == name; });
    if (known == kKnown.end()) return Refuse("there is no option --" + name);
    if (!known->takes_value) {
      if (equals != std::string::npos) return Refuse("--" + name + " takes no value");
      return Set(options, name, {});
    }
    if (equals != std::string::npos) return Set(options, name, text.substr(equals + 1));
    return SetFromNext(options, name);
  }

  Status Short(Options& options, const std::string& letters) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const auto known = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& option) {
        return option.letter != 0 && option.letter == letters[i];
      });
      if (known == kKnown.end()) return Refuse(std::string("there is no option -") + letters[i]);
      if (!known->takes_value) {
        ERIS_TRY(Set(options, known->name, {}));
      } else if (i + 1 < letters.size()) {
        return Set(options, known->name, letters.substr(i + 1));
      } else {
        return SetFromNext(options, known->name);
      }
    }
    return {};
  }

  Status SetFromNext(Options& options, std::string_view name) {
    if (at_ + 1 == all_.size()) return Refuse("--" + std::string(name) + " needs a value");
    return Set(options, name, all_[++at_]);
  }

  const std::vector<std::string>& all_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "--snapshots") {
    Options options;
    options.mode = Mode::kSnapshots;
    options.words.assign(arguments.begin() + 1, arguments.end());
    return options;
  }
  ERIS_ASSIGN(Options options, Arguments(arguments).Parse());
  if (options.mode != Mode::kActivity) return options;
  if (!options.operation) return Refuse("no operation is given");
  if (options.component.empty()) return Refuse("no component is given");
  if (options.properties == PropertySource::kEnvironment) {
    if (options.type.empty()) return Refuse("--environment needs a --type");
    if (options.container.empty()) options.container = options.type;
  } else if (options.container.empty()) {
    return Refuse("neither a container nor --environment is given");
  }
  return options;
}

const std::string_view kUsage =
    R"(Usage: dysnomia -o OPERATION -c COMPONENT -C CONTAINER
  or:  dysnomia -o OPERATION -c COMPONENT -t TYPE --environment
  or:  dysnomia --shell -c COMPONENT -C CONTAINER [--command COMMANDS]
  or:  dysnomia --attempt DIR | --attempts DIR
  or:  dysnomia --snapshots copy|select|newest ...

Runs one activity of a component in its container.

  -o, --operation=OPERATION  activate, deactivate, lock, unlock, snapshot, restore,
                             collect-garbage, status
  -c, --component=COMPONENT  a path (/… or ./…), or a name to be found in
                             DYSNOMIA_COMPONENTS_PATH/CONTAINER/
  -C, --container=CONTAINER  a path, or a name to be found in DYSNOMIA_CONTAINERS_PATH
  -E, --environment          take the container's properties from the environment
  -t, --type=TYPE            the module: a name or a path; overrides the container's
      --shell                a shell with the container's properties as variables
      --command=COMMANDS     run these in the shell, then leave it
      --attempt=DIR          run the batch that a worker prepared in DIR
      --attempts=DIR         run those in the folders of DIR that standard input names, a
                             socket to a worker
  -h, --help                 show this
  -v, --version              show the version

Environment:
  DYSNOMIA_COMPONENTS_PATH   default /etc/dysnomia/components
  DYSNOMIA_CONTAINERS_PATH   default /etc/dysnomia/containers
  DYSNOMIA_MODULES_PATH      folders of modules, which come before the built-in ones
  DYSNOMIA_STATEDIR          default /var/state/dysnomia for root, else ~/.dysnomia
  ERIS_SECRETS_DIR           folder of the secrets that properties name

Exit status: 0 when the activity succeeded, 95 when the module does not implement it,
else the module's.
)";

}  // namespace eris::dysnomia
