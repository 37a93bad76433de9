# The same system with a new API: counts visits. Data is not touched by the upgrade; the web front end depends on the
# API and moves with it.
{ system, pkgs, distribution, invDistribution, dataPort ? 7001, apiPort ? 7002, webPort ? 8080 }@arguments:
import ./services.nix (arguments // { apiVersion = "2.0"; })
