{ infrastructure }: builtins.mapAttrs (_: _: [ infrastructure.test1 ]) { here = 1; there = 1; number = 1; function = 1; text = 1; }
