// What two CPUs do at once against one alone: hyperthreads of one core, or a quota, do less than
// twice. Neither is said by the number of CPUs.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "loadgen/results/cpus.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace echotrio::loadgen {

struct TwoCpusPlan {
    int first = 0, second = 0;  // different ones that we may use
    std::size_t rounds = 5;     // one alone, then both; at least two
    // Longer than the period in which the kernel enforces a quota, 100 ms unless somebody chose
    // another: within one, a shorter slice of both would use what the slice before it left over.
    Nanos slice = std::chrono::milliseconds(120);
};

// Burns on them in turns; the work of a slice is what was done by the clock. `stop` (may be empty)
// is asked between slices. Error: they can't be used, or it was called off.
Result<TwoCpus> measure_two_cpus(const TwoCpusPlan& plan, const std::function<bool()>& stop);

// As the description of a machine has it, and back; null and {} where it was not measured.
void add_two_cpus(nlohmann::ordered_json& environment, const TwoCpus& two);
TwoCpus two_cpus_of(const nlohmann::ordered_json& environment);

}  // namespace echotrio::loadgen
