// The child processes of a server.
#pragma once

#include <sys/types.h>

#include <vector>

namespace echotrio::loadgen {

std::vector<pid_t> children_of(pid_t parent);  // now, ascending; empty where it can't be told

}  // namespace echotrio::loadgen
