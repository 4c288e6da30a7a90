# cmake --install build --prefix DIR: the four programs, their manual pages, completion for bash, the servers in
# Python, and the licences of what is compiled into them.
include(GNUInstallDirs)
set(echotrio_doc ${CMAKE_INSTALL_DATADIR}/doc/echotrio)
install(TARGETS ${servers} loadgen DESTINATION ${CMAKE_INSTALL_BINDIR})
# Started by their path, with whatever Python is to be looked at; so they are no commands of their own.
install(DIRECTORY servers/python DESTINATION ${CMAKE_INSTALL_DATADIR}/echotrio
        USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${echotrio_doc})
install(DIRECTORY docs/ DESTINATION ${echotrio_doc}/docs)

# bash looks for a file of the command's name
foreach(program ${servers} loadgen)
  install(FILES tools/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME ${program})
endforeach()

# Debian keeps a package's licence with it. Those of the headers and sources that packages.txt names
# for building; what is linked as a shared library brings its own.
foreach(package libasio-dev libboost-dev libcli11-dev libeigen3-dev libfmt-dev libjs-chart.js
                libllhttp-dev libtomlplusplus-dev node-llhttp nlohmann-json3-dev)
  install(FILES /usr/share/doc/${package}/copyright DESTINATION ${echotrio_doc}/licences
          RENAME ${package} OPTIONAL)
endforeach()

# The pages are what --help says, so the programs are asked.
install(CODE "set(manual \"${CMAKE_INSTALL_MANDIR}/man1\")
set(programs \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\")
set(servers \"${servers}\")
set(version \"${PROJECT_VERSION}\")")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/manual.cmake)
