#include "loadgen/report/plan_words.hpp"

#include "loadgen/results/format.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {

std::string with_interval(const std::optional<Estimate>& e,
                          const std::function<std::string(double)>& format) {
    if (!e) return "-";
    if (!e->interval) return format(e->value);
    return fmt::format("{} ({} to {})", format(e->value), format(e->interval->low),
                       format(e->interval->high));
}

std::string count_with_interval(std::uint64_t count, const std::optional<std::uint64_t>& least,
                                const std::optional<std::uint64_t>& most) {
    std::string text = format_exact_count(count);
    if (!least) return text;
    if (!most) return fmt::format("{} ({} or more)", text, format_exact_count(*least));
    if (*least == *most) return text;
    return fmt::format("{} ({} to {})", text, format_exact_count(*least),
                       format_exact_count(*most));
}

nlohmann::ordered_json bounds_to_json(const std::optional<Bounds>& b) {
    if (!b) return nullptr;
    return {b->low, b->high};
}

nlohmann::ordered_json estimate_to_json(const std::optional<Estimate>& e) {
    if (!e) return nullptr;
    return {{"value", e->value}, {"ci95", bounds_to_json(e->interval)}};
}

}  // namespace echotrio::loadgen
