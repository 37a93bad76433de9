# eris_library(NAME SOURCES ... HEADERS ... [USES ...] [PRIVATE_USES ...])
#
# A static library of one folder. USES names what its headers need, PRIVATE_USES what only its sources
# need. HEADERS form a header set, so that CMake can check that each compiles alone.
function(eris_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;USES;PRIVATE_USES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                 FILES ${ARG_HEADERS})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_PRIVATE_USES} eris_flags)
  set_property(GLOBAL APPEND PROPERTY ERIS_LIBRARIES ${name})
endfunction()

# eris_program(NAME SOURCES ... USES ...): an executable that is installed.
function(eris_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_USES} eris_flags)
  install(TARGETS ${name} RUNTIME)
endfunction()
