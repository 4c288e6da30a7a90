// The figures that models are compared by: one table serves digest, console, CSV and charts.
#pragma once

#include "loadgen/results/experiment.hpp"
#include "loadgen/results/format.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

struct Metric {
    const char* key;
    const char* title;
    Unit unit;
    bool more_is_better;
    bool of_all_connections;  // says little where some connections were never served
    const char* noun;         // in a sentence: "1.42 times the requests per CPU-second"
    std::optional<double> (*of)(const Trial& trial);
    // Where it appears beside the tables that name it.
    struct Use {
        bool compared = false;            // its ratios between models are worked out
        bool per_request = false;         // in the table of CPU time and waits per request
        const char* column = nullptr;     // in trials.csv, where no other column gives it
        const char* ranked_by = nullptr;  // the metric whose ratios rank it; null = its own
    };
    Use use{};
};

std::span<const Metric> metrics();
const Metric* find_metric(std::string_view key);

// Bytes of the server's whole group that its memory metrics `key` give; empty = not readable.
std::optional<double> server_memory(const Trial& trial, const std::string& key);

// At a JSON pointer in the server's own /stats; empty where the model has no such figure.
std::optional<double> own_figure(const Trial& trial, const char* pointer);

// The parts that add up to the memory that a server costs the machine, kernel included, in the
// order in which they are stacked.
struct MemoryPart {
    const char* key;  // of ServerUse::memory
    const char* title;
    // Read from the counts of the whole machine: good for a slope over many connections, too noisy
    // for the total of one trial.
    bool machine_wide;
};
std::span<const MemoryPart> memory_parts();

}  // namespace echotrio::loadgen
