#include "loadgen/claims/prediction.hpp"

#include "loadgen/analysis/agreement.hpp"
#include "loadgen/claims/others.hpp"
#include "loadgen/claims/subjects.hpp"
#include "loadgen/claims/trials.hpp"
#include "loadgen/models/models.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace echotrio::loadgen {
namespace {

using std::chrono::milliseconds;

constexpr const char* kAlone = "one after the other";
constexpr const char* kMixed = "heavy beside small";
constexpr const char* kTiny = "tiny requests";
constexpr const char* kComputing = "CPU work, one at a time";
constexpr const char* kSilent = "silent";
constexpr std::uint64_t kFew = 40, kMany = 120;  // silent connections
constexpr double kSureWithin = 0.25;             // of a base cost, the width of its interval

Workload workload(const ClaimContext& context, const char* name, std::uint64_t connections,
                  milliseconds quick, milliseconds whole) {
    Workload work{.name = name, .title = name, .shows = "whether the models predict Python"};
    work.load = usual_load();
    work.load.warmup = milliseconds(context.quick ? 100 : 250);
    work.load.duration = context.quick ? quick : whole;
    work.server_cpus = 1;
    work.connections = {connections};
    return work;
}

// A round's figure; empty where the trials of the round have none.
struct Predicted {
    const char* workload;
    const char* title;
    const char* unit;
    std::optional<double> (*of)(const Trials& round, const std::string& variant);
};

std::optional<double> first_of(const std::vector<double>& values) {
    return values.empty() ? std::nullopt : std::optional(values.front());
}

template <std::optional<double> LatencySummary::*percentile>
std::optional<double> of_small(const Trials& round, const std::string& variant) {
    return first_of(round.figures({variant, kMixed}, [](const RunResult& result) {
        return result.classes.empty() ? std::nullopt
                                      : result.classes.front().latency_us.*percentile;
    }));
}

std::optional<double> cpu_us(const RunResult& result) {
    return result.server ? result.server->cpu_us_per_request : std::nullopt;
}

std::optional<double> median_us(const RunResult& result) {
    return supported_percentile_us(result.latency, 50);
}

// Bytes that each connection more takes, between the two counts.
std::optional<double> memory_each(const Trials& round, const std::string& variant) {
    const auto few = first_of(round.memory({variant, kSilent, kFew}, memory_of_processes));
    const auto many = first_of(round.memory({variant, kSilent, kMany}, memory_of_processes));
    if (!few || !many) return std::nullopt;
    return (*many - *few) / static_cast<double>(kMany - kFew);
}

// Whose throughput is told only where it is not the load's own rate.
constexpr Predicted kFigures[] = {
    {kMixed, "small beside heavy: p50", "us", of_small<&LatencySummary::p50>},
    {kMixed, "small beside heavy: p90", "us", of_small<&LatencySummary::p90>},
    {kMixed, "small beside heavy: p99", "us", of_small<&LatencySummary::p99>},
    {kTiny, "tiny requests: requests/s", "1/s",
     [](const Trials& round, const std::string& variant) {
         return first_of(round.figures({variant, kTiny}, throughput));
     }},
    {kTiny, "tiny requests: CPU/request", "us",
     [](const Trials& round, const std::string& variant) {
         return first_of(round.figures({variant, kTiny}, cpu_us));
     }},
    {kComputing, "1 ms of CPU work: p50", "us",
     [](const Trials& round, const std::string& variant) {
         return first_of(round.figures({variant, kComputing}, median_us));
     }},
    {kSilent, "silent connection: memory", "bytes", memory_each},
};

struct Pairs {
    std::vector<double> models, twins;
};

// Of the rounds that have both.
template <class Figure>
Pairs pairs_of(const Trials& models, const Trials& twins, const Figure& figure) {
    Pairs pairs;
    for (const std::uint64_t round : rounds_of(models)) {
        const auto a = figure(round_of(models, round)), b = figure(round_of(twins, round));
        if (!a || !b || !(*a > 0) || !(*b > 0)) continue;
        pairs.models.push_back(*a);
        pairs.twins.push_back(*b);
    }
    return pairs;
}

// Mean and Student's t interval of the differences within rounds.
Ranged difference_of(const Pairs& pairs) {
    std::vector<double> more;
    more.reserve(pairs.twins.size());
    for (std::size_t i = 0; i < pairs.twins.size(); ++i) {
        more.push_back(pairs.twins[i] - pairs.models[i]);
    }
    Ranged cost{mean(more)};
    if (more.size() < 2) return cost;
    const auto n = static_cast<double>(more.size());
    const double half = student_t(0.95, n - 1) * std::sqrt(variance(more) / n);
    cost.low = cost.value - half;
    cost.high = cost.value + half;
    return cost;
}

std::string twin_label(const std::string& model, const Python& python) {
    return twin_of(model, {}, python.interpreter, python.scripts).label;
}

std::vector<Variant> plain_variants(const Python& python) {
    std::vector<Variant> variants;
    for (const std::string& model : model_names()) {
        variants.push_back({model, model, arguments_like(model, python.interpreter)});
    }
    return variants;
}

// Both sides of a plan's trials: the twins carry out what the models do, but have no base cost.
struct Both {
    Trials models, twins;
    std::vector<MissingTwin> missing;
    // Why figures are not there.
    std::string trouble() const {
        if (!missing.empty()) return missing.front().why;
        const std::string of_twins = twins.trouble();
        return of_twins.empty() ? models.trouble() : of_twins;
    }
};
Result<Both> carry_out(const ClaimContext& context, const Plan& models, const Python& python,
                       const std::string& what) {
    Plan plain = models;
    for (Variant& variant : plain.variants) {
        variant.arguments = arguments_like(variant.model, python.interpreter);
    }
    std::vector<MissingTwin> missing;
    Plan plan = with_twins(std::move(plain), {python}, missing);
    std::copy(models.variants.begin(), models.variants.end(), plan.variants.begin());
    const std::string folder = context.folder.empty() ? ""
                                                      : fmt::format("{}/{} {}", context.folder,
                                                                    what, python.interpreter.name);
    auto all = run_trials(context, plan, folder);
    if (!all) return all.error();
    return Both{trials_of(*all, models, nullptr), trials_of(*all, models, &python),
                std::move(missing)};
}

}  // namespace

Plan cost_plan(const ClaimContext& context, const Python& python) {
    return claim_plan(context, plain_variants(python),
                      {workload(context, kAlone, 1, milliseconds(250), milliseconds(1000))}, 7);
}

Plan prediction_plan(const ClaimContext& context, const Python& python,
                     const std::vector<BaseCost>& costs) {
    std::vector<Variant> variants = plain_variants(python);
    for (Variant& variant : variants) {
        for (const BaseCost& cost : costs) {
            if (cost.model != variant.model || !(cost.cost_us.value > 0)) continue;
            const auto ns = std::llround(cost.cost_us.value * 1000);
            variant.arguments.insert(variant.arguments.end(),
                                     {"--base-cost", fmt::format("{}ns", ns)});
        }
    }
    // p99 needs 368 of the small ones.
    Workload mixed = workload(context, kMixed, 32, milliseconds(1200), milliseconds(4000));
    mixed.load.rate = {{.rate = 400}};
    mixed.load.classes = {{.name = "small", .weight = 98, .path = "/echo/hi"},
                          {.name = "heavy", .weight = 2, .path = "/echo/hi?cpu=20ms"}};
    const Workload tiny = workload(context, kTiny, 64, milliseconds(300), milliseconds(1000));
    Workload computing = workload(context, kComputing, 1, milliseconds(250), milliseconds(1000));
    computing.load.target.path = "/echo/hi?cpu=1ms";
    std::vector<Workload> workloads{mixed, tiny, computing};
    if (!context.quick) {
        workloads.push_back(silent_connections({kFew, kMany}));
        workloads.back().name = kSilent;
    }
    return claim_plan(context, std::move(variants), std::move(workloads), context.quick ? 6 : 7);
}

std::vector<BaseCost> base_costs(const Python& python, const Trials& models, const Trials& twins) {
    std::vector<BaseCost> costs;
    for (const std::string& model : model_names()) {
        const Pairs pairs = pairs_of(models, twins, [&](const Trials& round) {
            return first_of(round.figures({model, kAlone}, cpu_us));
        });
        if (pairs.models.size() < 2) continue;  // a cost without an interval is none
        costs.push_back({python.interpreter.name, model, twin_label(model, python),
                         ranged(geometric_mean(pairs.models)), ranged(geometric_mean(pairs.twins)),
                         difference_of(pairs), pairs.models.size()});
    }
    return costs;
}

std::vector<PredictedFigure> predicted_figures(const Python& python, const Trials& models,
                                               const Trials& twins) {
    std::vector<PredictedFigure> figures;
    for (const std::string& model : model_names()) {
        for (const Predicted& one : kFigures) {
            const Pairs pairs =
                pairs_of(models, twins, [&](const Trials& round) { return one.of(round, model); });
            if (pairs.models.empty()) continue;
            const Estimate ratio = ratio_within_rounds(pairs.twins, pairs.models);
            figures.push_back({python.interpreter.name, model, twin_label(model, python),
                               one.workload, one.title, one.unit,
                               ranged(geometric_mean(pairs.models)),
                               ranged(geometric_mean(pairs.twins)), ranged(ratio),
                               pairs.models.size(), agreement_of(ratio)});
        }
    }
    return figures;
}

void weigh_prediction(std::vector<PredictedFigure>& figures, const std::vector<BaseCost>& costs,
                      std::optional<double> others) {
    const auto why_not = [&](const PredictedFigure& figure) -> std::string {
        if (figure.unit == "bytes") return {};
        if (others.value_or(0) > kBusyMachine) {
            return fmt::format("the machine was busy, {:.0f} % of it was used by others",
                               *others * 100);
        }
        const auto cost = std::find_if(costs.begin(), costs.end(), [&](const BaseCost& one) {
            return one.model == figure.model && one.interpreter == figure.interpreter;
        });
        if (cost == costs.end()) return {};
        const Ranged& us = cost->cost_us;
        if (us.sure() && *us.high - *us.low <= kSureWithin * us.value) return {};
        return "the base cost is not sure to a quarter of it";
    };
    for (PredictedFigure& figure : figures) {
        figure.why = why_not(figure);
        if (!figure.why.empty()) figure.agrees = Agreement::inconclusive;
    }
}

Result<Prediction> predict(const ClaimContext& context, const std::vector<Python>& pythons,
                           const std::function<void(const std::string&)>& says) {
    Prediction found;
    for (const Python& python : pythons) {
        const std::string& name = python.interpreter.name;
        const Others machine;
        says(fmt::format("what a request costs {}", name));
        const Plan alone = cost_plan(context, python);
        const auto each = carry_out(context, alone, python, "cost in");
        if (!each) return each.error();
        auto costs = base_costs(python, each->models, each->twins);
        if (context.stop()) {
            found.complete = false;
            break;
        }
        if (costs.size() < model_names().size()) {
            found.not_testable.push_back(fmt::format(
                "{}: its cost of a request could not be measured: {}", name, each->trouble()));
            continue;
        }
        says(fmt::format("whether the models predict {}", name));
        const auto both =
            carry_out(context, prediction_plan(context, python, costs), python, "prediction of");
        if (!both) return both.error();
        found.complete = !context.stop();
        if (!found.complete) break;
        auto figures = predicted_figures(python, both->models, both->twins);
        // The costs' trials count, too: the figures rest on them.
        auto others = machine.share(each->twins);
        if (const auto later = machine.share(both->twins)) {
            others = std::max(others.value_or(0), *later);
        }
        weigh_prediction(figures, costs, others);
        std::move(costs.begin(), costs.end(), std::back_inserter(found.base_costs));
        std::move(figures.begin(), figures.end(), std::back_inserter(found.figures));
    }
    return found;
}

}  // namespace echotrio::loadgen
