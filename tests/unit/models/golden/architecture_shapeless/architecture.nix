{ system, pkgs }: { services = [ ]; }
