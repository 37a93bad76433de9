# The shapes of target that this project has. Folders call these and nothing lower.

# eris_unite(TARGET ALONE... [GIANTS ...])
#
# Compiles the sources of a target together: most of what a source costs, its neighbours cost too (the standard library,
# the value types with their copies, moves and destructors): eight tests of the planner took 59 s of cpu as five units, 23 s
# as one. The price: names in anonymous namespaces are unique in a folder. A source that shares names with a sibling by
# nature stands in ALONE; those that include a giant (CLI11) are a unit of their own. With a compiler cache units are
# small instead: a change compiles little, and what did not change is found.
if(CCACHE)
  set(ERIS_UNITY_BATCH 5 CACHE STRING "How many sources are compiled at once; 0: all of a target; 1: each alone")
else()
  set(ERIS_UNITY_BATCH 0 CACHE STRING "How many sources are compiled at once; 0: all of a target; 1: each alone")
endif()
function(eris_unite target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "ALONE;GIANTS")
  if(ERIS_UNITY_BATCH EQUAL 1)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
  if(ERIS_UNITY_BATCH GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD_BATCH_SIZE ${ERIS_UNITY_BATCH})
    set_source_files_properties(${ARG_ALONE} ${ARG_GIANTS} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  list(REMOVE_ITEM sources ${ARG_ALONE} ${ARG_GIANTS})
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${sources} PROPERTIES UNITY_GROUP all)
  set_source_files_properties(${ARG_GIANTS} PROPERTIES UNITY_GROUP giants)
endfunction()

# eris_precompile(TARGET KIND [OPTIONS option...] [HEADERS header...])
#
# Headers that nearly every source includes, compiled once for all targets of a kind: those with the same OPTIONS of
# the compiler. Not with ccache: precompiled headers differ from one working tree to the next, and nothing that uses
# them would be found in the cache. So a source cannot come to rely on them unnoticed, either.
function(eris_precompile target kind)
  if(CCACHE)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "OPTIONS;HEADERS")
  set(headers eris_headers_${kind})
  if(NOT TARGET ${headers})
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${headers}.cpp" CONTENT "")
    add_library(${headers} OBJECT "${CMAKE_BINARY_DIR}/${headers}.cpp")
    target_link_libraries(${headers} PRIVATE eris_flags)
    target_compile_options(${headers} PRIVATE ${ARG_OPTIONS})
    target_precompile_headers(${headers} PRIVATE
      <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <string> <variant> <vector>
      <tl/expected.hpp> ${ARG_HEADERS})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
  set_target_properties(${target} PROPERTIES PCH_WARN_INVALID OFF)
endfunction()

# eris_compile_with(TARGET [OPTION...]): options of the compiler, and precompiled headers that have them, too.
function(eris_compile_with target)
  set(options ${ARGN})
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    list(REMOVE_ITEM options -O1)  # the level of its own
  endif()
  string(JOIN "" kind library ${options})
  string(MAKE_C_IDENTIFIER "${kind}" kind)
  target_compile_options(${target} PRIVATE ${options})
  eris_precompile(${target} ${kind} OPTIONS ${options})
endfunction()

# eris_library(NAME SOURCES ... [ALONE ...] [GIANTS ...] HEADERS ... [USES ...] [PRIVATE_USES ...] [OPTIMISE -O1] [WAITS] [FUZZED])
#
# A static library of one folder. USES names what its headers need, PRIVATE_USES what only its sources
# need. ALONE and GIANTS name those SOURCES that are compiled apart (eris_unite). HEADERS form a header set:
# all_verify_interface_header_sets checks that each compiles alone, and tests/link that the library needs
# nothing beyond what it names here. WAITS is for code that waits for others nearly all of its time: with -O1 it
# compiles in two thirds, and without any optimisation where the sanitizers are. OPTIMISE is another level for all.
# FUZZED: it reads what comes from outside, and says which way it takes when it is built with the
# sanitizers: fuzzers are led by that (tests/fuzz/coverage.cpp), everybody else links schema/base/no_coverage.cpp.
function(eris_library name)
  cmake_parse_arguments(ARG "FUZZED;WAITS" "OPTIMISE" "SOURCES;ALONE;GIANTS;HEADERS;USES;PRIVATE_USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  eris_unite(${name} ALONE ${ARG_ALONE} GIANTS ${ARG_GIANTS})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                 FILES ${ARG_HEADERS})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_PRIVATE_USES} eris_flags)
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  set(options ${ARG_OPTIMISE})
  if(ARG_WAITS)
    set(options -O0)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
      set(options -O1)
    endif()
  endif()
  if(ARG_FUZZED AND ERIS_SANITIZE)
    list(APPEND options -fsanitize-coverage=trace-pc,trace-cmp)
  endif()
  eris_compile_with(${name} ${options})
  set_property(GLOBAL APPEND PROPERTY ERIS_LIBRARIES ${name})
endfunction()

# What scripts/test builds of a flavour: the programs, and the tests of those tiers that it runs there.
add_custom_target(eris_programs)
foreach(tier IN ITEMS unit property sim planted crash conformance)
  add_custom_target(eris_tests_${tier})
endforeach()

# eris_program(NAME SOURCES ... USES ...): an executable that is installed. Its own sources read arguments and settings.
function(eris_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} eris_flags)
  eris_compile_with(${name} -O1)
  add_dependencies(eris_programs ${name})
  install(TARGETS ${name} RUNTIME)
endfunction()

# eris_test(NAME SOURCES ... [ALONE ...] USES ... [TIER unit] [TIMEOUT seconds]
#           [ENVIRONMENT NAME=VALUE ...])
#
# One GoogleTest executable, run by ctest under the label of its tier (scripts/test --help). Every
# *_test.cpp on disk must stand in one SOURCES: tests/CMakeLists.txt refuses the others.
function(eris_test name)
  cmake_parse_arguments(ARG "" "TIER;TIMEOUT" "SOURCES;ALONE;USES;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIER)
    set(ARG_TIER unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  eris_unite(${name} ALONE ${ARG_ALONE})
  target_link_libraries(${name} PRIVATE ${ARG_USES} eris_flags GTest::gmock GTest::gtest_main)
  # A test is compiled more often than it runs: only the libraries that it tests are optimised.
  target_compile_options(${name} PRIVATE -O0)
  eris_precompile(${name} test OPTIONS -O0 HEADERS <gmock/gmock.h> <gtest/gtest.h>)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/bin")
  add_dependencies(eris_tests_${ARG_TIER} ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_TIER} TIMEOUT ${ARG_TIMEOUT}
                       ENVIRONMENT "${ARG_ENVIRONMENT}")
  list(TRANSFORM ARG_SOURCES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  set_property(GLOBAL APPEND PROPERTY ERIS_TEST_SOURCES ${ARG_SOURCES})
endfunction()
