# Compiler flags for our own code. Everything links echotrio_flags.

# Each compiler warns about other things, so warnings are errors only with those that we test with.
set(ECHOTRIO_TESTED_COMPILER OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12
   AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  set(ECHOTRIO_TESTED_COMPILER ON)
endif()
option(ECHOTRIO_WERROR "Warnings are errors" ${ECHOTRIO_TESTED_COMPILER})
add_library(echotrio_flags INTERFACE)
target_include_directories(echotrio_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(echotrio_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                                $<$<BOOL:${ECHOTRIO_WERROR}>:-Werror>
                                                -fstack-protector-strong)
target_compile_definitions(echotrio_flags INTERFACE ECHOTRIO_VERSION="${PROJECT_VERSION}"
                                                    ECHOTRIO_BUILD_TYPE="${CMAKE_BUILD_TYPE}"
                                                    ECHOTRIO_SANITIZERS="${ECHOTRIO_SANITIZE}")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(echotrio_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(ECHOTRIO_SANITIZE)
  # an empty optional read, an index past the end: what no sanitizer sees
  target_compile_definitions(echotrio_flags INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(echotrio_flags INTERFACE -fsanitize=${ECHOTRIO_SANITIZE}
                                                  -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(echotrio_flags INTERFACE -fsanitize=${ECHOTRIO_SANITIZE})
endif()
target_link_options(echotrio_flags INTERFACE -Wl,-z,relro,-z,now)
include(CheckPIESupported)
check_pie_supported()

# echotrio_library(NAME sources... LINK libraries...): one of our libraries.
function(echotrio_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC echotrio_flags ${ARG_LINK})
endfunction()
