// The least that a start can cost: dysnomia_start compares with it.
int main() { return 0; }
