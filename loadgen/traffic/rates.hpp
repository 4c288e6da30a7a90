// How much recorded traffic asks of a server, second by second. Pure.
#pragma once

#include "loadgen/schedule/recording.hpp"

#include <cstdint>

namespace echotrio::loadgen {

// Arrivals a second.
struct TrafficRates {
    std::uint64_t requests = 0;
    double length_s = 0;  // Recording::length()
    double mean = 0;
    // The mean over the busiest minute, wherever it begins; of a shorter record, over all of it.
    double peak_minute = 0;
    // Over the seconds of the clock from the first to the last, silent ones too: what 99 in 100
    // of them do not exceed, and the most.
    std::uint64_t seconds = 0;
    double p99 = 0, max = 0;

    // What a server has to stand: in one second of 100 more than p99 comes and waits for a moment,
    // but a minute above it is no moment.
    bool peak_decides() const { return peak_minute > p99; }
    double demand() const { return peak_decides() ? peak_minute : p99; }
};

TrafficRates rates_of(const Recording& recording);

}  // namespace echotrio::loadgen
