{
  number = 1;
  nameless = { properties.host = "x"; };
  list = { properties = [ ]; };
  property = { properties.hostname = "p"; targetProperty = 5; };
  containers = { properties.hostname = "c"; containers = "process"; };
  container = { properties.hostname = "d"; containers.process = null; };
  cores = { properties.hostname = "e"; numOfCores = 0; };
  text = { properties.hostname = "f"; numOfCores = "abc"; system = true; };
  twin1 = { properties.hostname = "same"; };
  twin2 = { properties.hostname = "same"; };
  secret = {
    properties.hostname = "g";
    containers.echo = { a = { _secret = "../key"; }; b = [ { _secret = "b"; } ]; "c=d" = 1; };
  };
}
