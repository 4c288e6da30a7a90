#include "loadgen/claims/comparison.hpp"

#include "loadgen/analysis/agreement.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace echotrio::loadgen {
namespace {

Ranged ranged_of(const ClaimFigure& figure) {
    return {figure.value, figure.low, figure.high};
}

// The figure of each round in which both sides have it, above 0: numerator, then denominator.
std::pair<std::vector<double>, std::vector<double>> by_round(const ClaimTest& test,
                                                             std::size_t sentence,
                                                             const std::string& key,
                                                             const Side& models,
                                                             const Side& python) {
    std::vector<double> of_python, of_models;
    const auto figure_in = [&](const Side& side, std::uint64_t round) -> std::optional<double> {
        const auto found = test.measure(side.context, round_of(side.trials, round));
        const ClaimFigure* figure = find_figure(found.at(sentence).figures, key);
        if (figure == nullptr || !(figure->value > 0)) return std::nullopt;
        return figure->value;
    };
    for (const std::uint64_t round : rounds_of(models.trials)) {
        const auto above = figure_in(python, round), below = figure_in(models, round);
        if (!above || !below) continue;
        of_python.push_back(*above);
        of_models.push_back(*below);
    }
    return {std::move(of_python), std::move(of_models)};
}

bool is_exact(const ClaimFigure& figure) {
    return figure.sure() && *figure.low == *figure.high;
}

// Two counts are what they are: the same, also where both are 0, or not.
FigureRatio ratio_of_counts(const std::string& key, const ClaimFigure& above,
                            const ClaimFigure& below) {
    if (above.value == below.value) return {key, {1, 1, 1}, Agreement::agrees};
    if (above.value == 0 || below.value == 0) return {key, {}, Agreement::differs};
    const double ratio = above.value / below.value;
    return {key, {ratio, ratio, ratio}, agreement_of(Estimate{ratio, Bounds{ratio, ratio}})};
}

}  // namespace

std::vector<FigureRatio> figure_ratios(const ClaimTest& test, std::size_t sentence,
                                       const Side& models, const Side& python) {
    std::vector<FigureRatio> ratios;
    for (const Threshold& threshold : test.sentences.at(sentence).rule) {
        const ClaimFigure* below = find_figure(models.figures, threshold.figure);
        const ClaimFigure* above = find_figure(python.figures, threshold.figure);
        if (below == nullptr || above == nullptr) continue;
        if (is_exact(*above) && is_exact(*below)) {
            ratios.push_back(ratio_of_counts(threshold.figure, *above, *below));
            continue;
        }
        Estimate ratio = ratio_of_figures(ranged_of(*above), ranged_of(*below));
        if (test.plan && !test.own_means) {
            const auto [a, b] = by_round(test, sentence, threshold.figure, models, python);
            if (a.size() >= 2) ratio = ratio_within_rounds(a, b);
        }
        ratios.push_back({threshold.figure, ranged(ratio), agreement_of(ratio)});
    }
    return ratios;
}

Agreement agreement_of(const std::vector<FigureRatio>& ratios) {
    Agreement worst = ratios.empty() ? Agreement::inconclusive : Agreement::agrees;
    for (const FigureRatio& ratio : ratios) {
        if (ratio.agrees == Agreement::differs) return Agreement::differs;
        if (ratio.agrees == Agreement::inconclusive) worst = Agreement::inconclusive;
    }
    return worst;
}

std::string lacking(const Sentence& sentence, const Python& python,
                    const std::vector<MissingTwin>& missing) {
    for (const MissingTwin& twin : missing) {
        if (twin.python == python.interpreter.name && twin.variant == sentence.needs) {
            return twin.why;
        }
    }
    return {};
}

ClaimSubject as_subject(const Python& python, const Claim& found, std::vector<FigureRatio> ratios) {
    ClaimSubject subject{python.interpreter.name, found.verdict, found.evidence, found.reason,
                         found.figures};
    subject.agrees = agreement_of(ratios);
    subject.ratios = std::move(ratios);
    return subject;
}

ClaimSubject not_in(const Python& python, const std::string& why) {
    ClaimSubject subject{python.interpreter.name, ClaimVerdict::not_testable};
    subject.reason = why;
    return subject;
}

}  // namespace echotrio::loadgen
