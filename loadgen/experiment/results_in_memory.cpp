#include "loadgen/experiment/results_in_memory.hpp"

#include <unistd.h>

#include <algorithm>

namespace echotrio::loadgen {

std::size_t bytes_held(const Trial& trial) {
    const RunResult& r = trial.result;
    std::size_t bytes = 0;
    for (const Histogram* one : {&r.latency, &r.service_time, &r.lateness}) {
        bytes += one->counts().size_bytes();
    }
    for (const ClassResult& one : r.classes) bytes += one.latency.counts().size_bytes();
    return bytes;
}

ResultsInMemory::ResultsInMemory(const std::vector<Trial>& trials) {
    constexpr std::size_t kMost = std::size_t{2} << 30U;
    const auto pages = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES));
    most_ = std::min(kMost, pages / 4 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
    for (const Trial& trial : trials) add(trial);
}

}  // namespace echotrio::loadgen
