# Run by cmake --install: a manual page of each program, and of each of loadgen's commands, by help2man.
# In: manual, the folder under the prefix; programs, where they were built; version.
find_program(HELP2MAN help2man)
if(NOT HELP2MAN)
  message(STATUS "No manual pages: help2man is missing (the package of that name); --help says the same")
  return()
endif()
set(folder "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/${manual}")
if(IS_ABSOLUTE "${manual}")
  set(folder "$ENV{DESTDIR}${manual}")
endif()
file(MAKE_DIRECTORY ${folder})

function(write_page name command)
  execute_process(COMMAND ${command} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
  # the first line says what it is
  string(REGEX MATCH "^[^\n]*" what "${help}")
  list(JOIN command " " words)
  execute_process(COMMAND ${HELP2MAN} --no-info --section=1 "--name=${what}" --version-string=${version}
                          --output=${folder}/${name}.1 "${words}"
                  COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "Installing: ${folder}/${name}.1")
endfunction()

foreach(program ${servers} loadgen)
  write_page(${program} ${programs}/${program})
endforeach()
execute_process(COMMAND ${programs}/loadgen --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "^.*\nSubcommands:\n" "" subcommands "${help}")
string(REGEX MATCHALL "(^|\n)  [a-z]+" subcommands "${subcommands}")
foreach(subcommand ${subcommands})
  string(STRIP "${subcommand}" subcommand)
  write_page(loadgen-${subcommand} "${programs}/loadgen;${subcommand}")
endforeach()
