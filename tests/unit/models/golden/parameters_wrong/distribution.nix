{ infrastructure }: { a = [ infrastructure.test1 ]; b = [ infrastructure.test1 ]; c = [ infrastructure.test2 ]; }
