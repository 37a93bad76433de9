# An upgrade that cannot work: this API wants a protocol that the data service does not speak, and refuses to start.
{ system, pkgs, distribution, invDistribution, dataPort ? 7001, apiPort ? 7002, webPort ? 8080 }@arguments:
import ./services.nix (arguments // { apiVersion = "3.0"; dataProtocol = 2; })
