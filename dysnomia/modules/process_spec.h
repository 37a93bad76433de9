// What a component of type `process` wants to have running, and where traces of it are kept. Reads
// the component and the context; starts nothing.
//
//   bin/PROGRAM                    the one executable there, or
//   etc/dysnomia/process/NAME      process="COMMAND LINE"  [pidFile="PATH"]   each a process
//
// Below the state directory: process/CONTAINER/PACKAGE/NAME.run (the process that was started, of
// this version of the component), NAME.pid, and process-logs/CONTAINER/COMPONENT/NAME.log (of all
// versions).
#pragma once

#include <string>
#include <vector>

#include "dysnomia/module.h"
#include "schema/base/clock.h"
#include "schema/base/error.h"

namespace eris::dysnomia {

struct ProcessSpec {
  std::string name;
  std::vector<std::string> argv;
  // Where a daemon writes its process id, and where it is written for a program that is none.
  std::string pid_file;
  // A second place to look for the PID file of a daemon that was just started; empty: none.
  std::string usual_pid_file;
  std::string record_file;
  std::string log_file;
};

// Properties: runtimeDir (folder of PID files that have no path), timeout (s, until a daemon's PID
// file is there), settleMs (a program must live so long to count as started), stopTimeout (s, from
// SIGTERM to SIGKILL).
struct ProcessTimes {
  Duration pid_file{10'000};
  Duration settle{300};
  Duration stop{10'000};
};

// In the order of their names, which is the order of starting.
Result<std::vector<ProcessSpec>> ReadProcessSpecs(const ActivityContext& context);
Result<ProcessTimes> ReadProcessTimes(const ActivityContext& context);

}  // namespace eris::dysnomia
