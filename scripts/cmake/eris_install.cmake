# What `cmake --install` and the Debian package hold beside the programs: units, configurations to start
# from, the manual. The programs install themselves (eris_program).
include(GNUInstallDirs)
set(ERIS_DOCDIR share/doc/eris)
# Only programs are installed: installing need not build the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

# The unit of a program. Its paths are those of the installation, which may be another one than was
# configured (`cmake --install --prefix`, CPack): they are filled in when it is installed.
function(eris_service program template)
  set(unit_template "${CMAKE_CURRENT_SOURCE_DIR}/${template}")
  set(unit "${CMAKE_CURRENT_BINARY_DIR}/${program}.service")
  install(CODE "
    set(BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    set(DOCDIR \"\${CMAKE_INSTALL_PREFIX}/${ERIS_DOCDIR}\")
    configure_file(\"${unit_template}\" \"${unit}\" @ONLY)")
  install(FILES "${unit}" DESTINATION lib/systemd/system)
endfunction()

# A configuration to start from.
function(eris_example_config file)
  install(FILES ${file} DESTINATION "${CMAKE_INSTALL_DATADIR}/eris")
endfunction()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/manual" DESTINATION "${ERIS_DOCDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples" DESTINATION "${ERIS_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${ERIS_DOCDIR}")

# Manual pages and completions are made when they are installed: eris(1) and the completions by the program
# itself, the others from docs/manual.
set(ERIS_PAGES "${PROJECT_BINARY_DIR}/pages")
install(CODE "
  execute_process(COMMAND python3 \"${PROJECT_SOURCE_DIR}/scripts/lib/manual_pages.py\"
                          \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/eris\" \"${PROJECT_SOURCE_DIR}/docs/manual\" \"${ERIS_PAGES}\"
                  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY "${ERIS_PAGES}/" DESTINATION share)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME eris)
set(CPACK_PACKAGE_VENDOR "Eris")
set(CPACK_PACKAGE_CONTACT "Eris developers <eris@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "deploys service-oriented systems onto networks of Nix machines")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "nix-bin")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "graphviz")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Eris takes the models of Disnix as they are and moves a network of machines to what they describe, with a
journal that makes every step resumable and reversible. This package holds all of it: the command line, the
planner and the broker for one machine, the worker for every other one.")
include(CPack)
