// The same load by wrk, so that a reader need not believe our generator.
#pragma once

#include "common/net/socket.hpp"
#include "loadgen/results/experiment.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// "wrk 4.1.0"; empty when wrk is not installed.
std::string wrk_version();

// Runs it for a second (its shortest) on these CPUs. `error` says why there is no figure.
CrossCheck run_wrk(const std::string& version, const net::HostPort& where, const std::string& path,
                   std::uint64_t connections, const std::vector<int>& cpus,
                   const std::function<bool()>& stop);

// Pure: reads what wrk --latency prints. Failed requests are an error, as they are with us.
CrossCheck parse_wrk(std::string_view output);

}  // namespace echotrio::loadgen
