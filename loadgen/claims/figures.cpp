#include "loadgen/claims/figures.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/bootstrap.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

namespace echotrio::loadgen {
namespace {

ClaimFigure figure_of(const Named& named, const Estimate& estimate, std::vector<std::size_t> runs) {
    ClaimFigure figure{named.key, named.label, named.variant, estimate.value};
    figure.unit = named.unit;
    figure.runs = std::move(runs);
    if (estimate.interval) {
        figure.low = estimate.interval->low;
        figure.high = estimate.interval->high;
    }
    return figure;
}

}  // namespace

std::optional<ClaimFigure> ratio_figure(const ClaimContext& context, const Named& named,
                                        const std::vector<double>& numerator,
                                        const std::vector<double>& denominator) {
    if (numerator.empty() || denominator.empty()) return std::nullopt;
    return figure_of(named, ratio_of_medians(numerator, denominator, Rng(context.seed)),
                     {numerator.size(), denominator.size()});
}

std::optional<ClaimFigure> median_figure(const Named& named, const std::vector<double>& values) {
    if (values.empty()) return std::nullopt;
    return figure_of(named, median_with_interval(values), {values.size()});
}

ClaimFigure exact_figure(const Named& named, double value) {
    return figure_of(named, {value, Bounds{value, value}}, {});
}

ClaimFigure difference_figure(const Named& named, const ClaimFigure& a, const ClaimFigure& b) {
    return figure_of(named, {a.value - b.value, Bounds{*a.low - *b.high, *a.high - *b.low}}, {});
}

std::vector<ClaimFigure> figures_of(std::initializer_list<std::optional<ClaimFigure>> some) {
    std::vector<ClaimFigure> figures;
    for (const auto& figure : some) {
        if (figure) figures.push_back(*figure);
    }
    return figures;
}

std::string value_in_words(const std::optional<ClaimFigure>& figure) {
    if (!figure) return "not measured";
    return fmt::format("{}{}{}", format_count(figure->value), figure->unit.empty() ? "" : " ",
                       figure->unit);
}

std::string in_words(const std::optional<ClaimFigure>& figure) {
    std::string text = value_in_words(figure);
    if (figure && figure->sure()) {
        text += fmt::format(" (95 % interval {} to {})", format_count(*figure->low),
                            format_count(*figure->high));
    }
    return text;
}

void add_evidence(nlohmann::ordered_json& evidence, const std::vector<ClaimFigure>& figures) {
    using Json = nlohmann::ordered_json;
    for (const ClaimFigure& figure : figures) {
        evidence[Json::json_pointer("/" + figure.key)] = figure.value;
        const std::size_t slash = figure.key.rfind('/');
        if (slash == std::string::npos) continue;
        Json& group = evidence[Json::json_pointer("/" + figure.key.substr(0, slash))];
        if (figure.sure() && *figure.low < *figure.high)
            group["ci95"] = {*figure.low, *figure.high};
        if (figure.runs.size() == 2) {
            if (!figure.sure()) group["ci95"] = nullptr;
            group["n"] = figure.runs;
        }
    }
}

}  // namespace echotrio::loadgen
