# The packages of the example, without nixpkgs: the machine's own shell builds them and its python3 runs them.
{ system }:
let
  # One executable bin/NAME, a shared library and a configuration, put together by a shell script.
  program = { name, version, source, configuration }: derivation {
    name = "${name}-${version}";
    inherit system source;
    library = ./guestbook.py;
    configuration = builtins.toJSON (configuration // { inherit name version; });
    program = name;
    builder = "/bin/sh";
    args = [
      "-ec"
      ''
        PATH=/usr/bin:/bin
        mkdir -p "$out/bin" "$out/lib" "$out/etc"
        cp "$source" "$out/bin/$program"
        chmod 755 "$out/bin/$program"
        cp "$library" "$out/lib/guestbook.py"
        printf '%s\n' "$configuration" > "$out/etc/configuration.json"
      ''
    ];
  };

  # Where one instance of an interdependency can be reached.
  addressOf = service: { host = service.target.properties.hostname; inherit (service) port; };
in
{
  data = { port }: program {
    name = "data";
    version = "1.0";
    source = ./data.py;
    configuration = { inherit port; };
  };

  # A function of the interdependencies: it is called with what `dependsOn` of the service names.
  api = { port, version, dataProtocol }: { data }: program {
    name = "api";
    inherit version;
    source = ./api.py;
    configuration = { inherit port dataProtocol; data = addressOf data; };
  };

  web = { port }: { api }: program {
    name = "web";
    version = "1.0";
    source = ./web.py;
    configuration = { inherit port; api = addressOf api; };
  };
}
