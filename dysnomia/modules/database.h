// What the modules of database servers have in common: waiting for a server that may be starting,
// names as SQL writes them, the initial state's files, and what an activity of a database is.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dysnomia/module.h"
#include "dysnomia/modules/dump.h"

namespace eris::dysnomia {

// Between two questions: a server tells nobody when it begins to answer, or when a client has gone.
void PauseForServer();

// Asks until the server answers, for as many seconds as the property `timeout` says (10).
Status AwaitServer(const ActivityContext& context, const std::function<Status()>& ask);

// `text` between quotation marks; such marks within are doubled.
std::string Quoted(std::string_view text, char quote);

// What a client program answers to `sql`, without blanks at the ends. Of a failure, what it says.
Result<std::string> AskServer(const StreamProgram& client, const std::string& sql);

// COMPONENT/FOLDER/*.sql in the order of the names; none when there is no such folder.
Result<std::vector<std::filesystem::path>> InitialState(const ActivityContext& context,
                                                        std::string_view folder);

// One database of a server, made and lost with the activity that works on it.
class DatabaseServer {
 public:
  DatabaseServer() = default;
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;
  virtual ~DatabaseServer() = default;

  // Open under its own name, made from the initial state when there is none.
  virtual Status Open() = 0;
  // Closed to all but TakeSnapshot and RestoreFrom, and to what has a connection.
  virtual Status Close() = 0;
  virtual Status TakeSnapshot() = 0;
  // All of what `dump` says in place of what is there, or a failure and what was there.
  virtual Status RestoreFrom(const std::filesystem::path& dump) = 0;
  virtual Status Drop() = 0;
  virtual Result<bool> IsOpen() = 0;
};

inline constexpr std::string_view kDumpFile = "dump.sql.xz";

// The activities of a database, with the marks that Dysnomia keeps of its state.
Status RunDatabaseActivity(const ActivityContext& context, DatabaseServer& server);
Result<ComponentStatus> DatabaseStatus(const ActivityContext& context, DatabaseServer& server);
// A module that runs them.
BuiltInModule DatabaseModule(std::string_view name, Status (*run)(const ActivityContext&),
                             Result<ComponentStatus> (*status)(const ActivityContext&));

}  // namespace eris::dysnomia
