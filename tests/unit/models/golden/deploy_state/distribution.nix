{ infrastructure }: with infrastructure; {
  plain = [ test1 ]; kept = [ test1 test2 ]; tool = [ test1 ];
}
