# Two hosts with database servers, one for those who write. Targets are not called what their addresses are.
let
  database = hostname: {
    properties.hostname = hostname;
    numOfCores = 4;
    containers = {
      postgresql-database = { postgresqlRuntimeDir = "/srv/postgresql"; postgresqlPort = 4711; };
      mysql-database = { mysqlSocket = "/srv/mariadb/socket"; mysqlPassword = { _secret = "mariadb"; }; };
      fileset = { targetDir = "/srv/notes"; };
    };
  };
in
{
  test1 = database (builtins.getEnv "TEST1");
  test2 = database (builtins.getEnv "TEST2");
  test3 = {
    properties.hostname = builtins.getEnv "TEST3";
    numOfCores = 4;
    containers.process = { runtimeDir = "/run/writers"; settleMs = 200; };
  };
}
