// What `loadgen calibrate` finds out about the CPUs: how many there are for both sides, what the
// generator's control group allows, and whether two of them are two.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/cpus.hpp"
#include "loadgen/results/run_result.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {

struct CpuFindings {
    CpusHad had;              // by the null server and the generator
    std::vector<int> burned;  // the two that were burned on; empty: there is only one
    TwoCpus two{};

    // Not two of them: to be said beside every figure.
    std::optional<Finding> flag() const;
};

// Takes about two seconds where there are two CPUs; `stop` is asked meanwhile. Error: called off,
// or the CPUs can't be used.
Result<CpuFindings> look_at_cpus(const std::vector<int>& server_cpus,
                                 const std::vector<int>& generator_cpus,
                                 const std::function<bool()>& stop);

std::string describe(const CpuFindings& found);

// Puts "cpus", "two_cpus" and "flags" there.
void add_to_json(nlohmann::ordered_json& json, const CpuFindings& found);

}  // namespace echotrio::loadgen
