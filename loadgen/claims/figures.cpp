#include "loadgen/claims/figures.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/ratio.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

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
                                        const FigurePairs& pairs) {
    const std::size_t rounds = pairs.numerator.size();
    const auto ratio = Ratio::paired(pairs.numerator, pairs.denominator, Rng(context.seed));
    if (!ratio) return std::nullopt;
    std::vector<double> ratios(rounds);
    std::transform(pairs.numerator.begin(), pairs.numerator.end(), pairs.denominator.begin(),
                   ratios.begin(), std::divides<>());
    const Estimate of_order = median_with_interval(ratios);
    return figure_of(named, of_order.interval ? of_order : ratio->estimate(), {rounds, rounds});
}

std::optional<ClaimFigure> ratio_figure_apart(const Named& named,
                                              const std::vector<double>& numerator,
                                              const std::vector<double>& denominator) {
    const auto ratio = Ratio::unpaired(numerator, denominator);
    if (!ratio) return std::nullopt;
    return figure_of(named, ratio->estimate(), {numerator.size(), denominator.size()});
}

std::optional<ClaimFigure> median_figure(const Named& named, const std::vector<double>& values) {
    if (values.empty()) return std::nullopt;
    return figure_of(named, median_with_interval(values), {values.size()});
}

ClaimFigure estimated_figure(const Named& named, const Estimate& estimate, std::size_t runs) {
    return figure_of(named, estimate, {runs});
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
    return format_in(figure->value, figure->unit);
}

std::string in_words(const std::optional<ClaimFigure>& figure) {
    std::string text = value_in_words(figure);
    if (figure && figure->sure()) {
        text += fmt::format(" (95 % interval {} to {})", format_in(*figure->low, figure->unit),
                            format_in(*figure->high, figure->unit));
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
