#include "loadgen/findings/results_json.hpp"

#include "loadgen/results/results_file.hpp"

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(const std::optional<double>& number) {
    return number ? Json(*number) : Json(nullptr);
}

Json comparison_to_json(const Comparison& comparison) {
    Json interval = nullptr;
    if (const auto bounds = telling_interval(comparison.ratio)) {
        interval = {bounds->low, bounds->high};
    }
    return {{"workload", comparison.level.workload},
            {"connections", comparison.level.connections},
            {"rate", comparison.level.rate},
            {"cpus_asked", comparison.level.server_cpus},
            {"metric", comparison.metric},
            {"model", comparison.numerator},
            {"against", comparison.denominator},
            {"ratio", comparison.ratio.value},
            {"ci95", std::move(interval)},
            {"repetitions", {comparison.numerator_count, comparison.denominator_count}},
            {"rounds", comparison.rounds},
            {"rounds_left_out", comparison.left_out},
            {"p", number_or_null(comparison.p)},
            {"p_adjusted", number_or_null(comparison.p_adjusted)},
            {"finding", name_of(comparison.finding)},
            {"sentence", comparison.sentence}};
}

}  // namespace

Json results_to_json(const Experiment& experiment, const std::vector<Comparison>& comparisons) {
    Json out = experiment_to_json(experiment);
    const Discoveries found = discoveries_of(comparisons);
    out["multiplicity"] = {{"comparisons", found.compared},
                           {"differences", found.differences},
                           {"false_discovery_rate", kFalseDiscoveryRate},
                           {"interval_level", 1 - found.alpha}};
    Json& list = out["comparisons"] = Json::array();
    for (const Comparison& comparison : comparisons) list.push_back(comparison_to_json(comparison));
    return out;
}

}  // namespace echotrio::loadgen
