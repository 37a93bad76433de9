// The program that a library is linked into; see CMakeLists.txt. Linking is the test.
int main() { return 0; }
