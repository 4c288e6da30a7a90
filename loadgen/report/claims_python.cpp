#include "loadgen/report/claims_python.hpp"

#include "loadgen/report/prediction_report.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace echotrio::loadgen {

const char* words_of(ClaimVerdict verdict) {
    return verdict == ClaimVerdict::not_testable ? "not testable here" : name_of(verdict);
}

Mark mark_of(ClaimVerdict verdict) {
    switch (verdict) {
        case ClaimVerdict::supported:
            return Mark::best;
        case ClaimVerdict::refuted:
            return Mark::invalid;
        case ClaimVerdict::inconclusive:
            return Mark::flagged;
        case ClaimVerdict::not_testable:
            return Mark::muted;
    }
    return Mark::plain;
}

std::string topic_of(const Claim& claim) {
    std::string topic = claim.id;
    std::replace(topic.begin(), topic.end(), '-', ' ');
    return topic;
}

namespace {

TableCell figure_cell(const std::vector<ClaimFigure>& figures, const std::string& key) {
    const ClaimFigure* figure = find_figure(figures, key);
    if (figure == nullptr) return {"-", Mark::muted};
    return {format_in(figure->value, figure->unit)};
}

Table table_with(const std::vector<Claim>& claims, std::vector<Column> columns,
                 std::string caption) {
    Table table;
    table.caption = std::move(caption);
    table.columns = std::move(columns);
    for (const ClaimSubject& subject : claims.front().subjects) {
        table.columns.push_back({subject.name, false, 0});
    }
    return table;
}

// The figures that the claims' pictures draw: a row each, so that a change from one Python to the
// next can be read off.
Table figures_table(const std::vector<Claim>& claims) {
    Table table =
        table_with(claims, {{"claim", false, 0}, {"figure", false, 0}, {"models", true, 0}},
                   "The figures that the claims draw, for the models and for Python");
    for (const Claim& claim : claims) {
        if (!claim.picture) continue;
        bool first = true;
        for (const std::string& key : claim.picture->figures) {
            const ClaimFigure* figure = find_figure(claim.figures, key);
            if (figure == nullptr) continue;
            std::vector<TableCell> row{
                {first ? topic_of(claim) : ""}, {figure->label}, figure_cell(claim.figures, key)};
            for (const ClaimSubject& subject : claim.subjects) {
                row.push_back(figure_cell(subject.figures, key));
            }
            table.rows.push_back(std::move(row));
            first = false;
        }
    }
    return table;
}

// A row a sentence: the models' verdict and each Python's, with the agreement of the figures.
Table verdict_table(const std::vector<Claim>& claims) {
    Table table = table_with(
        claims, {{"claim", false, 0}, {"models", false, 0}},
        "Verdicts for the models and for Python, and whether the size of the effect agrees (the "
        "95 % interval of Python over model within 0.8 to 1.25)");
    for (const Claim& claim : claims) {
        std::vector<TableCell> row{{topic_of(claim)},
                                   {words_of(claim.verdict), mark_of(claim.verdict)}};
        for (const ClaimSubject& subject : claim.subjects) {
            const bool judged = subject.verdict != ClaimVerdict::not_testable;
            row.push_back(
                {judged ? fmt::format("{}; {}", words_of(subject.verdict), words_of(subject.agrees))
                        : words_of(subject.verdict),
                 mark_of(subject.verdict)});
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

// What was found of the sentence in a Python: its verdict, how the figures agree, and why.
std::string in_python(const ClaimSubject& subject) {
    std::string text = fmt::format("{}: {}", subject.name, words_of(subject.verdict));
    if (subject.verdict == ClaimVerdict::not_testable) {
        return fmt::format("{}: {}", text, subject.reason);
    }
    std::vector<std::string> ratios;
    for (const FigureRatio& ratio : subject.ratios) {
        const ClaimFigure* figure = find_figure(subject.figures, ratio.key);
        ratios.push_back(fmt::format("{} {}", figure == nullptr ? ratio.key : figure->label,
                                     ratio_in_words(ratio.ratio)));
    }
    if (!ratios.empty()) {
        text += fmt::format("; the size of the effect {}: {} times the model's",
                            subject.agrees == Agreement::inconclusive ? "is inconclusive"
                                                                      : words_of(subject.agrees),
                            fmt::join(ratios, ", "));
    }
    return fmt::format("{}. {}", text, subject.reason);
}

std::vector<Table> python_tables(const std::vector<Claim>& claims) {
    if (claims.empty() || claims.front().subjects.empty()) return {};
    return {verdict_table(claims), figures_table(claims)};
}

}  // namespace echotrio::loadgen
