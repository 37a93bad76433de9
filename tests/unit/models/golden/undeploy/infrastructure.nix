{ test1.properties.hostname = "one"; test1.system = "x86_64-linux"; }
