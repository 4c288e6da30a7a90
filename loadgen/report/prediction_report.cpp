#include "loadgen/report/prediction_report.hpp"

#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace echotrio::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Unit unit_of(const std::string& unit) {
    if (unit == "us") return Unit::microseconds;
    if (unit == "bytes") return Unit::bytes;
    return unit == "1/s" ? Unit::per_second : Unit::count;
}

std::string in_words(const Ranged& figure, const std::string& unit) {
    const auto text = [&](double value) { return format_value(value, unit_of(unit)); };
    if (!figure.sure()) return text(figure.value);
    return fmt::format("{} ({} to {})", text(figure.value), text(*figure.low), text(*figure.high));
}

// The figures of one verdict: "py-threads 3.11, tiny requests: requests/s: 0.7 (0.65 to 0.75)".
std::vector<std::string> named(const std::vector<PredictedFigure>& figures, Agreement agreement) {
    std::vector<std::string> names;
    for (const PredictedFigure& figure : figures) {
        if (figure.agrees != agreement) continue;
        names.push_back(
            fmt::format("{}, {}: {}", figure.twin, figure.figure, ratio_in_words(figure.ratio)));
    }
    return names;
}

std::string answer(const std::vector<PredictedFigure>& figures) {
    const auto count = [&](Agreement agreement) {
        return std::count_if(figures.begin(), figures.end(), [&](const PredictedFigure& figure) {
            return figure.agrees == agreement;
        });
    };
    const auto agree = count(Agreement::agrees), differ = count(Agreement::differs);
    return fmt::format("Of {} figures {} {}, {} {}, {} inconclusive.", figures.size(), agree,
                       agree == 1 ? "agrees" : "agree", differ, differ == 1 ? "differs" : "differ",
                       count(Agreement::inconclusive));
}

// Why figures are inconclusive whatever their ratios, each reason once, with those that it holds
// for.
std::vector<std::string> reasons(const std::vector<PredictedFigure>& figures) {
    struct Reason {
        std::string why;
        std::size_t count = 0;
        std::vector<std::string> twins;
    };
    std::vector<Reason> all;
    for (const PredictedFigure& figure : figures) {
        if (figure.why.empty()) continue;
        auto known = std::find_if(all.begin(), all.end(),
                                  [&](const Reason& one) { return one.why == figure.why; });
        if (known == all.end())
            known = all.insert(known, {.why = figure.why, .count = 0, .twins = {}});
        ++known->count;
        if (std::find(known->twins.begin(), known->twins.end(), figure.twin) ==
            known->twins.end()) {
            known->twins.push_back(figure.twin);
        }
    }
    std::vector<std::string> texts;
    texts.reserve(all.size());
    for (const Reason& one : all) {
        texts.push_back(
            fmt::format("{} inconclusive whatever the ratio: {} ({}).",
                        one.count == 1 ? "1 figure is" : fmt::format("{} figures are", one.count),
                        one.why, fmt::join(one.twins, ", ")));
    }
    return texts;
}

constexpr const char* kHow =
    "Each model got the weight of the interpreter by one figure, --base-cost: the CPU time that "
    "GET /echo/hi takes more in Python, one after the other on one connection. All the rest is "
    "predicted, not fitted. Small beside heavy: 400 requests/s on 32 connections, 2 % of them cost "
    "20 ms of CPU work. Tiny requests: on 64 connections, as fast as replies come. 1 ms of CPU "
    "work: on one connection. The server has one CPU. Every ratio is Python over model, within "
    "rounds, with its 95 % interval: it agrees where the interval lies within 0.8 to 1.25, differs "
    "where it lies outside, and else nothing is said. The intervals take the base cost as "
    "measured; "
    "where its own is wider than a quarter of it, the figures that rest on it are inconclusive.";

Table cost_table(const std::vector<BaseCost>& costs) {
    Table table;
    table.caption = "The one measurement: CPU time of a request, and what the models got";
    table.columns = {{"Python", false, 0},
                     {"", false, 0},
                     {"its CPU/request", true, 0},
                     {"model's", true, 1},
                     {"--base-cost", true, 0}};
    for (const BaseCost& cost : costs) {
        table.rows.push_back({{cost.interpreter},
                              {fmt::format("{} for {}", cost.model, cost.twin)},
                              {in_words(cost.twin_us, "us")},
                              {in_words(cost.model_us, "us")},
                              {in_words(cost.cost_us, "us"), Mark::best}});
    }
    return table;
}

Table figure_table(const std::vector<PredictedFigure>& figures) {
    Table table;
    table.columns = {{"", false, 0},      {"figure", false, 0},        {"model", true, 1},
                     {"Python", true, 1}, {"Python / model", true, 0}, {"", false, 0}};
    std::string group;
    for (const PredictedFigure& figure : figures) {
        if (figure.twin != group && !table.rows.empty()) table.breaks.push_back(table.rows.size());
        table.rows.push_back({{figure.twin == group ? "" : figure.twin},
                              {figure.figure},
                              {in_words(figure.predicted, figure.unit)},
                              {in_words(figure.measured, figure.unit)},
                              {ratio_in_words(figure.ratio)},
                              {words_of(figure.agrees), mark_of(figure.agrees)}});
        group = figure.twin;
    }
    return table;
}

// The figures of one unit: model across, Python up, and the line on which both are the same.
std::optional<Chart> chart_of(const std::vector<PredictedFigure>& figures, const std::string& unit,
                              const char* id, const char* what) {
    Chart chart;
    chart.id = id;
    chart.title = fmt::format("{}: model against Python", what);
    chart.caption =
        "A point a figure, with 95 % intervals; on the line the model predicts it exactly.";
    chart.kind = Chart::Kind::scatter;
    chart.x = {"model", true, unit, {}};
    chart.y = {"Python", true, unit, {}};
    double least = 0, most = 0;
    for (const PredictedFigure& figure : figures) {
        if (figure.unit != unit) continue;
        auto series = std::find_if(chart.series.begin(), chart.series.end(),
                                   [&](const Series& known) { return known.name == figure.twin; });
        if (series == chart.series.end()) {
            chart.series.push_back({figure.twin, figure.model, {}});
            series = chart.series.end() - 1;
        }
        ChartPoint point{figure.predicted.value, figure.measured.value, figure.measured.low,
                         figure.measured.high};
        point.x_low = figure.predicted.low;
        point.x_high = figure.predicted.high;
        point.note = fmt::format("{}: {}, {}", figure.figure, ratio_in_words(figure.ratio),
                                 words_of(figure.agrees));
        for (const double value : {point.x, point.y}) {
            least = least == 0 ? value : std::min(least, value);
            most = std::max(most, value);
        }
        series->points.push_back(std::move(point));
    }
    if (chart.series.empty()) return std::nullopt;
    Series equal{"the same", "", {{least / 1.5, least / 1.5}, {most * 1.5, most * 1.5}}};
    equal.dashed = equal.joined = true;
    equal.markers = false;
    chart.series.push_back(std::move(equal));
    return chart;
}

}  // namespace

Json ranged_to_json(const Ranged& figure) {
    Json interval = nullptr;
    if (figure.sure()) interval = {*figure.low, *figure.high};
    return {{"value", figure.value}, {"ci95", std::move(interval)}};
}

Ranged ranged_from_json(const Json& json) {
    Ranged figure{json.at("value").get<double>()};
    if (const Json& interval = json.at("ci95"); !interval.is_null()) {
        figure.low = interval.at(0).get<double>();
        figure.high = interval.at(1).get<double>();
    }
    return figure;
}

Agreement agreement_named(const std::string& name) {
    for (const auto agreement : {Agreement::agrees, Agreement::differs, Agreement::inconclusive,
                                 Agreement::not_testable}) {
        if (name == name_of(agreement)) return agreement;
    }
    throw std::runtime_error(fmt::format("there is no agreement '{}'", name));
}

const char* words_of(Agreement agreement) {
    return agreement == Agreement::not_testable ? "not testable here" : name_of(agreement);
}

Mark mark_of(Agreement agreement) {
    constexpr Mark kMarks[] = {Mark::best, Mark::invalid, Mark::flagged, Mark::muted};
    return kMarks[static_cast<std::size_t>(agreement)];
}

std::string ratio_in_words(const Ranged& ratio) {
    if (ratio.value == 0) return "not comparable";
    if (!ratio.sure()) return fmt::format("{}, no interval", format_short(ratio.value));
    if (*ratio.low == *ratio.high) return fmt::format("{} (exact)", format_short(ratio.value));
    return fmt::format("{} ({} to {})", format_short(ratio.value), format_short(*ratio.low),
                       format_short(*ratio.high));
}

Json prediction_to_json(const Prediction& prediction) {
    Json costs = Json::array(), figures = Json::array();
    for (const BaseCost& cost : prediction.base_costs) {
        costs.push_back({{"interpreter", cost.interpreter},
                         {"model", cost.model},
                         {"twin", cost.twin},
                         {"model_us", ranged_to_json(cost.model_us)},
                         {"twin_us", ranged_to_json(cost.twin_us)},
                         {"base_cost_us", ranged_to_json(cost.cost_us)},
                         {"rounds", cost.rounds}});
    }
    for (const PredictedFigure& figure : prediction.figures) {
        figures.push_back({{"interpreter", figure.interpreter},
                           {"model", figure.model},
                           {"twin", figure.twin},
                           {"workload", figure.workload},
                           {"figure", figure.figure},
                           {"unit", figure.unit},
                           {"predicted", ranged_to_json(figure.predicted)},
                           {"measured", ranged_to_json(figure.measured)},
                           {"ratio", ranged_to_json(figure.ratio)},
                           {"rounds", figure.rounds},
                           {"agrees", name_of(figure.agrees)}});
        if (!figure.why.empty()) figures.back()["why"] = figure.why;
    }
    return {{"base_costs", std::move(costs)},
            {"figures", std::move(figures)},
            {"not_testable", prediction.not_testable},
            {"complete", prediction.complete}};
}

Prediction prediction_from_json(const Json& json) {
    Prediction prediction;
    for (const Json& cost : json.at("base_costs")) {
        prediction.base_costs.push_back(
            {cost.at("interpreter"), cost.at("model"), cost.at("twin"),
             ranged_from_json(cost.at("model_us")), ranged_from_json(cost.at("twin_us")),
             ranged_from_json(cost.at("base_cost_us")), cost.at("rounds")});
    }
    for (const Json& one : json.at("figures")) {
        prediction.figures.push_back(
            {one.at("interpreter"), one.at("model"), one.at("twin"), one.at("workload"),
             one.at("figure"), one.at("unit"), ranged_from_json(one.at("predicted")),
             ranged_from_json(one.at("measured")), ranged_from_json(one.at("ratio")),
             one.at("rounds"), agreement_named(one.at("agrees")), one.value("why", "")});
    }
    json.at("not_testable").get_to(prediction.not_testable);
    json.at("complete").get_to(prediction.complete);
    return prediction;
}

Section prediction_section(const Prediction& prediction) {
    Section section{"prediction", "Does the model predict Python?", {}};
    section.short_title = "Python";
    section.last_on_console = true;
    const auto say = [&](std::string text, Mark mark = Mark::plain) {
        section.blocks.push_back(Paragraph{std::move(text), mark});
    };
    for (const std::string& why : prediction.not_testable) say("! " + why, Mark::flagged);
    if (!prediction.complete) say("! Interrupted before all was measured.", Mark::flagged);
    if (prediction.figures.empty()) {
        say("No figure could be compared.", Mark::flagged);
        return section;
    }
    say(answer(prediction.figures));
    for (const std::string& why : reasons(prediction.figures)) say("! " + why, Mark::flagged);
    const auto wrong = named(prediction.figures, Agreement::differs);
    if (!wrong.empty()) say(fmt::format("It does not hold for {}.", fmt::join(wrong, "; ")));
    section.blocks.push_back(figure_table(prediction.figures));
    section.blocks.push_back(cost_table(prediction.base_costs));
    say(kHow, Mark::muted);
    for (auto chart : {chart_of(prediction.figures, "us", "prediction-times", "Times"),
                       chart_of(prediction.figures, "1/s", "prediction-rates", "Throughput"),
                       chart_of(prediction.figures, "bytes", "prediction-memory", "Memory")}) {
        if (chart) section.blocks.push_back(std::move(*chart));
    }
    return section;
}

}  // namespace echotrio::loadgen
