{ infrastructure }: { site = [ infrastructure.test1 ]; tool = [ infrastructure.test2 ]; }
