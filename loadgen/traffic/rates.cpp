#include "loadgen/traffic/rates.hpp"

#include <algorithm>
#include <map>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// The most arrivals within 60 seconds.
std::uint64_t busiest_minute(const Recording& recording) {
    std::size_t most = 0;
    std::size_t first = 0;
    for (std::size_t last = 0; last < recording.size(); ++last) {
        while (recording[last].at - recording[first].at >= 60 * kSecond) ++first;
        most = std::max(most, last - first + 1);
    }
    return most;
}

}  // namespace

TrafficRates rates_of(const Recording& recording) {
    TrafficRates rates;
    rates.requests = recording.size();
    rates.length_s = seconds(recording.length());
    const auto count = static_cast<double>(recording.size());
    rates.mean = count / rates.length_s;
    rates.peak_minute =
        rates.length_s < 60 ? rates.mean : static_cast<double>(busiest_minute(recording)) / 60;

    std::map<std::uint64_t, std::uint64_t> seconds_with;  // so many arrivals
    const auto second_of = [&](std::size_t i) {
        return (recording.origin() + recording[i].at) / kSecond;
    };
    std::uint64_t busy = 0;
    for (std::size_t first = 0; first < recording.size(); ++busy) {
        std::size_t last = first;
        while (last < recording.size() && second_of(last) == second_of(first)) ++last;
        ++seconds_with[last - first];
        first = last;
    }
    rates.seconds = static_cast<std::uint64_t>(second_of(recording.size() - 1) - second_of(0)) + 1;
    seconds_with[0] = rates.seconds - busy;
    rates.max = static_cast<double>(seconds_with.rbegin()->first);
    std::uint64_t left = rates.seconds - rates.seconds / 100;  // the rank of p99, rounded up
    for (const auto& [arrivals, times] : seconds_with) {
        rates.p99 = static_cast<double>(arrivals);
        if (times >= left) break;
        left -= times;
    }
    return rates;
}

}  // namespace echotrio::loadgen
