// Libraries that are fuzzed call these at every branch and comparison where they are built with the
// sanitizers (FUZZED of eris_library). A fuzzer has its own (tests/fuzz/coverage.cpp), everybody
// else these: the sanitizers' library has those of whole numbers only.
extern "C" {
void __sanitizer_cov_trace_pc() {}                  // NOLINT: the compiler's names
void __sanitizer_cov_trace_cmpf(float, float) {}    // NOLINT
void __sanitizer_cov_trace_cmpd(double, double) {}  // NOLINT
}
