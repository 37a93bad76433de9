{ infrastructure }: with infrastructure; { db = [ test1 ]; web = [ test2 ]; }
