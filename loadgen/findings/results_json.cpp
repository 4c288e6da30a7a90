#include "loadgen/findings/results_json.hpp"

#include "loadgen/results/results_file.hpp"

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json comparison_to_json(const Comparison& comparison) {
    Json interval = nullptr;
    if (comparison.ratio.interval) {
        interval = {comparison.ratio.interval->low, comparison.ratio.interval->high};
    }
    return {{"workload", comparison.level.workload},
            {"connections", comparison.level.connections},
            {"rate", comparison.level.rate},
            {"metric", comparison.metric},
            {"model", comparison.numerator},
            {"against", comparison.denominator},
            {"ratio", comparison.ratio.value},
            {"ci95", std::move(interval)},
            {"repetitions", {comparison.numerator_count, comparison.denominator_count}},
            {"finding", name_of(comparison.finding)},
            {"sentence", comparison.sentence}};
}

}  // namespace

Json results_to_json(const Experiment& experiment, const std::vector<Comparison>& comparisons) {
    Json out = experiment_to_json(experiment);
    Json& list = out["comparisons"] = Json::array();
    for (const Comparison& comparison : comparisons) list.push_back(comparison_to_json(comparison));
    return out;
}

}  // namespace echotrio::loadgen
