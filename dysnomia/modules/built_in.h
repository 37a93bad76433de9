// The built-in modules, one file each. module.h has the table.
#pragma once

#include "dysnomia/module.h"

namespace eris::dysnomia {

// Prints what it is given: for trials and tests.
const BuiltInModule& EchoModule();
// Hands each activity to the component's own program bin/wrapper.
const BuiltInModule& WrapperModule();
// Long-running programs.
const BuiltInModule& ProcessModule();
// Files and folders in a directory of the machine.
const BuiltInModule& FilesetModule();
// A database of a PostgreSQL server.
const BuiltInModule& PostgresqlDatabaseModule();
// A database of a MariaDB server.
const BuiltInModule& MysqlDatabaseModule();

}  // namespace eris::dysnomia
