{ infrastructure }: with infrastructure; { a = [ test1 ]; b = [ test2 ]; c = [ test1 test2 ]; d = [ test2 ]; }
