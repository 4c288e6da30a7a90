#include "loadgen/analysis/verdict.hpp"

#include "loadgen/analysis/verdict_rows.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace echotrio::loadgen {

Verdict judge(const RunResult& result, const VerdictContext& context) {
    Verdict verdict;
    Judged run{result, context};
    run.overloaded = find_overload(run);
    for (const VerdictRow& row : verdict_rows()) {
        auto found = row.of(run);
        if (!found) continue;
        const bool invalid = row.severity == Severity::invalid;
        verdict.rankable = verdict.rankable && !invalid && !row.not_ranked;
        auto& list = invalid ? verdict.reasons : verdict.flags;
        list.push_back({row.check, std::move(found->what), std::move(found->advice)});
    }
    verdict.valid = verdict.reasons.empty();
    verdict.overloaded = run.overloaded;
    return verdict;
}

bool counts_for_memory(const Trial& trial) {
    if (trial.counts()) return true;
    if (trial.superseded || trial.result.interrupted) return false;
    constexpr std::string_view kTiming[] = {"generator", "lateness", "rate", "arrivals", "steady"};
    const auto& reasons = trial.result.verdict.reasons;
    return std::all_of(reasons.begin(), reasons.end(), [&](const Finding& reason) {
        return std::find(std::begin(kTiming), std::end(kTiming), reason.check) != std::end(kTiming);
    });
}

const std::vector<VerdictRow>& verdict_rows() {
    static const std::vector<VerdictRow> kRows = [] {
        std::vector<VerdictRow> all = rows_of_books();
        for (const auto& rows :
             {rows_of_the_schedule(), rows_of_the_world(), rows_of_the_generators()}) {
            all.insert(all.end(), rows.begin(), rows.end());
        }
        return all;
    }();
    return kRows;
}

std::string percent(double of_one) {
    return format_short(of_one * 100) + " %";
}

std::vector<CheckRow> verdict_table() {
    std::vector<CheckRow> table;
    for (const VerdictRow& row : verdict_rows()) {
        auto same = std::find_if(table.begin(), table.end(),
                                 [&](const CheckRow& other) { return other.check == row.check; });
        if (same == table.end()) same = table.insert(table.end(), {row.check, {}, {}});
        std::string& text = row.severity == Severity::invalid ? same->invalid : same->flag;
        if (!text.empty()) text += "; ";
        text += row.limit;
    }
    return table;
}

}  // namespace echotrio::loadgen
