{ test1 = "editor"; }
