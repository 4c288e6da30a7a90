// What an observer sees of a server, in Prometheus's text format (exposition format 0.0.4).
#pragma once

#include "loadgen/results/run_result.hpp"

#include <string>
#include <string_view>

namespace echotrio::loadgen {

// Counters since the observer's start and gauges of now, labelled server="name". What could not be
// read is left out. Bytes and seconds, as Prometheus wants base units.
std::string use_to_prometheus(const ServerUse& use, std::string_view name);

}  // namespace echotrio::loadgen
