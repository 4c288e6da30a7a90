// The other process of the experiment about shared counters (sharing.cpp).
#pragma once

#include <string>

namespace echotrio::loadgen {

// Counts in that piece of shared memory, prints the nanoseconds of one increment, and ends: the
// exit status.
int count_in(const std::string& name);

}  // namespace echotrio::loadgen
