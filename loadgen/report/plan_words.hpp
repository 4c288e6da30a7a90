// Estimates of a plan in words and as JSON, the same in each of its parts.
#pragma once

#include "loadgen/analysis/statistics.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace echotrio::loadgen {

// "1.92 (1.85 to 2.01)"; "-" where it is not known.
std::string with_interval(const std::optional<Estimate>& estimate,
                          const std::function<std::string(double)>& format);

// "3 (2 to 8)", "3 (2 or more)": how many the ends of an interval ask for.
std::string count_with_interval(std::uint64_t count, const std::optional<std::uint64_t>& least,
                                const std::optional<std::uint64_t>& most);

nlohmann::ordered_json bounds_to_json(const std::optional<Bounds>& bounds);  // [low, high]
nlohmann::ordered_json estimate_to_json(
    const std::optional<Estimate>& estimate);  // null: not known

template <class T>
nlohmann::ordered_json known(const std::optional<T>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace echotrio::loadgen
