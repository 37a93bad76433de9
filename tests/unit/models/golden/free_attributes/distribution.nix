{ infrastructure }: { db = [ infrastructure.test1 ]; web = [ infrastructure.test1 ]; }
