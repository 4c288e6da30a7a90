// --processes N: as many loops, one a process, each with a listening socket of its own on the same
// address, among which the kernel deals connections out by hash.
#pragma once

#include "servers/coroutine/event_loop.hpp"

namespace echotrio::coroutine {

// Serves until a signal ends it; the exit status. Precondition: options.processes > 1, and no
// thread exists.
int run_processes(const Options& options);

}  // namespace echotrio::coroutine
