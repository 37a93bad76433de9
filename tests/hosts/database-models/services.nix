# Two databases of 100,000 rows, a directory, and services that write to the databases all the time. A writer adds one
# number after the other, and what the server has acknowledged to a file of its own.
{ system, pkgs, distribution, invDistribution, at ? "test1" }:
let
  make = name: script: extra: derivation ({
    inherit name system;
    builder = "/bin/sh";
    args = [ "-ec" "PATH=/usr/bin:/bin; ${script}" ];
  } // extra);
  database = name: type: folder: tables: {
    inherit name type;
    deployState = true;
    pkg = make name "mkdir -p $out/${folder}; cp $tables $out/${folder}/tables.sql" {
      tables = builtins.toFile "tables.sql" tables;
    };
  };
  writer = name: insert: make name "mkdir -p $out/bin; cp $program $out/bin/${name}; chmod +x $out/bin/${name}" {
    program = builtins.toFile name ''
      #!/bin/sh
      export LD_LIBRARY_PATH=/srv/servers/usr/lib/x86_64-linux-gnu PATH=/srv/bin:/usr/bin:/bin PGCONNECT_TIMEOUT=5
      echo $$ >> /srv/writers
      n=1$(date +%s%N | cut -c 6-14) # a leading 0 would make it octal
      while :; do
        n=$((n + 1))
        if ${insert}; then echo $n >> /srv/acknowledged-${name}; fi
      done
    '';
  };
in
rec {
  rooms = database "rooms" "postgresql-database" "postgresql-databases" ''
    CREATE TABLE writes (n int NOT NULL);
    CREATE TABLE bulk (n int PRIMARY KEY, text text NOT NULL);
    INSERT INTO bulk SELECT n, md5(n::text) FROM generate_series(1, 100000) n;
  '';
  guests = database "guests" "mysql-database" "mysql-databases" ''
    CREATE TABLE writes (n int NOT NULL) ENGINE=InnoDB;
    CREATE TABLE bulk (n int PRIMARY KEY, text char(32) NOT NULL) ENGINE=InnoDB;
    INSERT INTO bulk SELECT seq, md5(seq) FROM seq_1_to_100000;
    CREATE VIEW many AS SELECT count(*) AS n FROM bulk;
  '';
  notes = {
    name = "notes";
    type = "fileset";
    deployState = true;
    pkg = make "notes" "mkdir -p $out; echo mkdir kept > $out/.dysnomia-fileset" { };
  };
  roomsWriter = {
    name = "roomsWriter";
    type = "process";
    dependsOn = { inherit rooms; };
    pkg = { rooms }: writer "roomsWriter" ''
      psql -Xqc "INSERT INTO writes VALUES ($n)" "host=${rooms.target.properties.hostname} port=4711 user=postgres dbname=rooms"'';
  };
  guestsWriter = {
    name = "guestsWriter";
    type = "process";
    dependsOn = { inherit guests; };
    pkg = { guests }: writer "guestsWriter" ''
      mariadb --no-defaults --host=${guests.target.properties.hostname} --port=4712 --user=app --connect-timeout=5 guests --execute="INSERT INTO writes VALUES ($n)"'';
  };
}
