{ infrastructure }: { tools = [ infrastructure.test1 ]; user = [ infrastructure.test2 ]; }
