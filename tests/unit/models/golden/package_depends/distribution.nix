{ infrastructure }: with infrastructure; { db = [ test1 ]; client = [ test2 ]; }
