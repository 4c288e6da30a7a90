# Precompiled headers: what many files of a part include anyway is read once. A file still includes
# all that it needs: the lint preset builds without.
# GCC takes one only with the flags it was made with, so a library (-fPIC) and a program (-fPIE) have
# their own.
set(precompiled_std <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <cstdio>
                    <cstdlib> <cstring> <filesystem> <fstream> <functional> <map> <memory> <optional>
                    <set> <span> <sstream> <string> <string_view> <thread> <tuple> <variant> <vector>)

# echotrio_precompile(OWNER PROGRAM|LIBRARY headers... LINK libraries...): makes OWNER, from which
# others REUSE their header.
function(echotrio_precompile owner kind)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  set(empty ${CMAKE_CURRENT_BINARY_DIR}/${owner}.cpp)
  file(CONFIGURE OUTPUT ${empty} CONTENT "// holds a precompiled header\n")
  add_library(${owner} OBJECT ${empty})
  if(kind STREQUAL "PROGRAM")
    # as an executable's files are compiled
    set_target_properties(${owner} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${owner} PRIVATE -fPIE)
  endif()
  target_link_libraries(${owner} PRIVATE echotrio_flags ${ARG_LINK})
  target_precompile_headers(${owner} PRIVATE ${ARG_UNPARSED_ARGUMENTS})
endfunction()

function(echotrio_reuse_precompiled owner)
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endforeach()
endfunction()
