{ infrastructure }: { flags = [ infrastructure.test1 ]; }
