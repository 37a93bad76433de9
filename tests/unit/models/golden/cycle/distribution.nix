{ infrastructure }: builtins.mapAttrs (_: _: [ infrastructure.test1 ]) { a = 1; b = 1; c = 1; self = 1; x = 1; y = 1; }
