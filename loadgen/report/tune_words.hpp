// The sentences of `loadgen tune` that several of its reports say, beside those of tune_report.hpp.
#pragma once

#include "loadgen/results/tuning.hpp"

#include <string>

namespace echotrio::loadgen {

// "1,240", of requests/s
std::string rate_text(double rps);

// "1.5 CPUs", "1 CPU"
std::string cpus_text(double cpus);

// "p99=50ms, 1 GiB of memory (--memory), 1.5 CPUs (--cpus)"
std::string bounds_text(const Tuning& tuning);

// "1,240/s (1,180 to 1,300) within p99=50ms; 80 MiB of memory; 0.9 CPUs used"
std::string what_it_does(const Tuning& tuning, const TunedSetting& one);

// Precondition: limited_by is not empty.
std::string at_least_words(const TunedSetting& one);

}  // namespace echotrio::loadgen
