# llhttp, the HTTP parser of Node.js. Debian 12 and Ubuntu 24.04 ship its C sources in node-llhttp;
# later releases package it as a library (libllhttp-dev), which is preferred where it is there: its
# archive, since so the programs need no other package where they run.
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/include /usr/share/include/llhttp)
find_library(LLHTTP_LIBRARY NAMES libllhttp.a llhttp)
if(LLHTTP_LIBRARY AND LLHTTP_INCLUDE_DIR)
  add_library(llhttp INTERFACE)
  target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
elseif(LLHTTP_INCLUDE_DIR AND EXISTS /usr/share/llhttp/llhttp.c)
  add_library(llhttp STATIC /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
  target_include_directories(llhttp PRIVATE ${LLHTTP_INCLUDE_DIR})
  # of its two state machines the one that refuses more
  target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)
  target_compile_options(llhttp PRIVATE -fno-semantic-interposition)
else()
  message(FATAL_ERROR "llhttp not found: install node-llhttp (Debian 12, Ubuntu 24.04) or libllhttp-dev")
endif()
target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE_DIR})
