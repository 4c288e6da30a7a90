// What `loadgen plan` is asked for beside the demand: costs, growth, an autoscaler.
#pragma once

#include "loadgen/analysis/capacity.hpp"
#include "loadgen/report/plan_costs.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace echotrio::loadgen {

struct ExtrasAsked {
    std::string prices, growth, emit;
    std::string ramp = "10%/min";
    Nanos sync = std::chrono::seconds(15), metrics = std::chrono::seconds(30),
          pod_start = std::chrono::seconds(10);

    bool any() const { return !prices.empty() || !growth.empty() || !emit.empty(); }
};

// Their flags.
void add_extras_options(CLI::App& command, ExtrasAsked& asked);

// What is wrong with the flags, before anything was read; empty: nothing. `json`: where that goes.
std::string mistake_in(const ExtrasAsked& asked, const CLI::App& command, const std::string& json,
                       bool from_csv);

// Why there are none: the operator's mistake, or what was not measured.
struct ExtrasRefused {
    std::string message;
    int status = 0;  // to exit with
};
// Fills in what was asked for, as far as a model meets the demand. Empty: nothing was wrong.
std::optional<ExtrasRefused> make_extras(const ExtrasAsked& asked,
                                         std::span<const MeasuredModel> models,
                                         const CapacityPlan& plan, const Rng& rng,
                                         PlanExtras& extras);

}  // namespace echotrio::loadgen
