{ name }: { }
