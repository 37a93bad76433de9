# Third-party libraries, all from Debian. Each is used by one adapter (docs/ARCHITECTURE.md).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CapnProto REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(pugixml REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLite3 REQUIRED)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)

# For the daemons, whose turns free thousands of small things that the next one asks for again. The C library
# merges them and takes them apart each time, which was an eighth of their cpu. The sanitizers have their own.
add_library(eris_allocator INTERFACE)
if(NOT ERIS_SANITIZE)
  target_link_libraries(eris_allocator INTERFACE PkgConfig::JEMALLOC)
endif()
