// The figures that models are compared by: one table serves digest, console, CSV and charts.
#pragma once

#include "loadgen/experiment/experiment.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

enum class Unit : std::uint8_t { per_second, microseconds, bytes, count };

struct Metric {
    const char* key;
    const char* title;
    Unit unit;
    bool more_is_better;
    bool of_all_connections;  // says little where some connections were never served
    const char* noun;         // in a sentence: "1.42 times the requests per CPU-second"
    std::optional<double> (*of)(const Trial& trial);
};

std::span<const Metric> metrics();
const Metric* find_metric(std::string_view key);

// For people, three significant digits: "41,200", "1.20 ms", "23.4 MiB".
std::string format_value(double value, Unit unit);
std::string format_count(double value);               // 41234 -> "41,200"; small ones keep decimals
std::string format_exact_count(std::uint64_t value);  // 1234567 -> "1,234,567"

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
