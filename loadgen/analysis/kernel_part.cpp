#include "loadgen/analysis/kernel_part.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

std::optional<double> value_in(const MemoryUse& memory, const char* key) {
    const auto found = memory.find(key);
    return found == memory.end() ? std::nullopt : found->second;
}

Estimate estimate_of(const Line& line) {
    return {line.slope, line.slope_interval};
}

// How far the interval reaches from the value, at its longer side.
double reach(const Estimate& estimate) {
    if (!estimate.interval) return HUGE_VAL;
    return std::max(estimate.value - estimate.interval->low,
                    estimate.interval->high - estimate.value);
}

Estimate minus(const Estimate& estimate) {
    Estimate result{-estimate.value, std::nullopt};
    if (estimate.interval) {
        result.interval = Bounds{-estimate.interval->high, -estimate.interval->low};
    }
    return result;
}

constexpr const char* kReclaimable = "reclaimable";

nlohmann::ordered_json estimate_to_json(const Estimate& estimate) {
    return {{"value", estimate.value}, {"ci95", {estimate.interval->low, estimate.interval->high}}};
}

Estimate estimate_from_json(const nlohmann::ordered_json& json) {
    const auto& bounds = json.at("ci95");
    return {json.at("value").get<double>(),
            Bounds{bounds.at(0).get<double>(), bounds.at(1).get<double>()}};
}

}  // namespace

const char* name_of(KernelPart part) {
    switch (part) {
        case KernelPart::unknown:
            return "user_only";
        case KernelPart::from_slab:
            return "slab";
        case KernelPart::read:
            return "read";
    }
    return "";
}

const char* words_of(KernelPart part) {
    switch (part) {
        case KernelPart::unknown:
            return "user memory only";
        case KernelPart::from_slab:
            return "the kernel's part from Slab, whole machine";
        case KernelPart::read:
            return "kernel included";
    }
    return "";
}

const char* source_of(KernelPart part) {
    switch (part) {
        case KernelPart::unknown:
            return "not known: user memory only";
        case KernelPart::from_slab:
            return "from Slab, whole machine";
        case KernelPart::read:
            return "read";
    }
    return "";
}

std::optional<double> slab_of_connections(const ServerUse& server) {
    const auto grown = value_in(server.memory, "slab");
    const auto still = value_in(server.memory, "slab_still");
    if (!grown || !still) return std::nullopt;
    return *grown - *still;
}

std::optional<Estimate> bytes_of_end(std::span<const double> connections,
                                     std::span<const double> slab, std::span<const double> still) {
    CHECK(connections.size() == slab.size() && slab.size() == still.size());
    const auto opening = theil_sen(connections, slab);
    const auto pausing = theil_sen(connections, still);
    if (!opening || !pausing) return std::nullopt;
    Estimate both = difference_of(estimate_of(*opening), estimate_of(*pausing));
    if (!(both.value > 0) || reach(both) > both.value / 2) return std::nullopt;
    return Estimate{both.value / 2, Bounds{both.interval->low / 2, both.interval->high / 2}};
}

std::optional<Line> line_of_slab(std::span<const double> connections,
                                 std::span<const double> slab) {
    constexpr double kToSigma = 1.4826;  // of a normal distribution's median deviation
    constexpr double kFar = 6;
    const auto robust = theil_sen(connections, slab);
    if (!robust) return std::nullopt;
    std::vector<double> off;
    off.reserve(slab.size());
    for (std::size_t i = 0; i < slab.size(); ++i) {
        off.push_back(slab[i] - robust->intercept - robust->slope * connections[i]);
    }
    const double middle = median(off);
    for (double& rest : off) rest = std::abs(rest - middle);
    const double limit = std::max(kFar * kToSigma * median(off), quantile(off, 0.75));
    std::vector<double> x, y;
    for (std::size_t i = 0; i < slab.size(); ++i) {
        if (off[i] > limit) continue;
        x.push_back(connections[i]);
        y.push_back(slab[i]);
    }
    return least_squares(x, y);
}

std::optional<Estimate> server_part(const Line& slab, std::optional<std::uint64_t> ends,
                                    const std::optional<BytesOfEnd>& end) {
    if (!ends || !end) return std::nullopt;
    Estimate part = sum_of(estimate_of(slab), end->reclaimable);
    if (*ends > 1) part = difference_of(part, end->unreclaimable);
    if (!(part.value > 0) || reach(part) > part.value / 2) return std::nullopt;
    return part;
}

std::optional<double> server_part(double slab, double connections,
                                  std::optional<std::uint64_t> ends,
                                  const std::optional<BytesOfEnd>& end) {
    if (!ends || !end) return std::nullopt;
    const double generators = *ends > 1 ? end->unreclaimable.value * connections : 0;
    if (slab <= generators) return std::nullopt;  // others gave back more than was taken
    return slab - generators + end->reclaimable.value * connections;
}

nlohmann::ordered_json end_to_json(const std::optional<BytesOfEnd>& end) {
    if (!end || !end->unreclaimable.interval) return nullptr;
    nlohmann::ordered_json json = estimate_to_json(end->unreclaimable);
    if (end->reclaimable.interval) json[kReclaimable] = estimate_to_json(end->reclaimable);
    return json;
}

std::optional<BytesOfEnd> end_from_json(const nlohmann::ordered_json& environment) {
    if (!environment.is_object() || !environment.contains(kEndKey)) return std::nullopt;
    try {
        const auto& json = environment.at(kEndKey);
        if (json.is_null()) return std::nullopt;
        BytesOfEnd end{estimate_from_json(json)};
        if (json.contains(kReclaimable))
            end.reclaimable = estimate_from_json(json.at(kReclaimable));
        const bool sane = end.unreclaimable.interval->contains(end.unreclaimable.value) &&
                          end.reclaimable.interval->contains(end.reclaimable.value);
        return sane ? std::optional(end) : std::nullopt;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

Estimate sum_of(const Estimate& a, const Estimate& b) {
    Estimate sum{a.value + b.value, std::nullopt};
    if (!a.interval || !b.interval) return sum;
    sum.interval =
        Bounds{sum.value - std::hypot(a.value - a.interval->low, b.value - b.interval->low),
               sum.value + std::hypot(a.interval->high - a.value, b.interval->high - b.value)};
    return sum;
}

Estimate difference_of(const Estimate& a, const Estimate& b) {
    return sum_of(a, minus(b));
}

}  // namespace echotrio::loadgen
