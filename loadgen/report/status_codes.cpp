// What the servers answered: replies by status code, per workload, level and model. Redirects are
// not followed, so whoever sees one measured the redirect.
#include "loadgen/report/columns.hpp"
#include "loadgen/report/comparison_document.hpp"

#include <fmt/format.h>

#include <map>

namespace echotrio::loadgen {
namespace {

using Codes = std::map<std::string, std::uint64_t>;

// 304 answers a condition that the user's header set.
bool redirect(const std::string& code) {
    return code >= "300" && code < "400" && code != "304";
}

// Of all its trials, those that do not count too.
Codes codes_of(const Cell& cell) {
    Codes sum;
    for (const Trial* trial : cell.trials) {
        if (!trial->result.status_codes) continue;
        for (const auto& [code, count] : *trial->result.status_codes) sum[code] += count;
    }
    return sum;
}

TableCell count_cell(const Codes& codes, const std::string& code) {
    const auto found = codes.find(code);
    if (found == codes.end()) return {"-", Mark::muted};
    const Mark mark = redirect(code) ? Mark::flagged : code >= "400" ? Mark::invalid : Mark::plain;
    return {format_exact_count(found->second), mark};
}

}  // namespace

std::vector<Section> status_sections(const Digest& digest) {
    Codes all;
    std::vector<Level> levels;
    for (const Cell& cell : digest.cells) {
        const Codes codes = codes_of(cell);
        if (codes.empty()) continue;
        for (const auto& [code, count] : codes) all[code] += count;
        if (levels.empty() || !(levels.back() == cell.level)) levels.push_back(cell.level);
    }
    if (all.empty()) return {};
    Section section{"status-codes", "Status codes of the replies", {}, true};
    section.short_title = "Status codes";
    if (all.size() == 1 && all.begin()->first == "200") {
        section.blocks.push_back(Paragraph{fmt::format("Every HTTP reply was a 200, {} in all.",
                                                       format_exact_count(all.begin()->second))});
        return {std::move(section)};
    }
    std::vector<CellColumn> columns{workload_column(), connections_column(0)};
    if (any_rate(levels)) columns.push_back(rate_column());
    columns.push_back(model_column());
    for (const auto& replies : all) {
        columns.push_back({{replies.first, true}, [code = replies.first](const Cell& cell) {
                               return count_cell(codes_of(cell), code);
                           }});
    }
    section.blocks.push_back(level_table(digest, levels, columns));
    std::uint64_t redirects = 0;
    for (const auto& [code, count] : all) redirects += redirect(code) ? count : 0;
    if (redirects > 0) {
        section.blocks.push_back(Paragraph{
            fmt::format("! Redirects are not followed: {} were measured instead of what they point "
                        "to.",
                        format_exact_count(redirects)),
            Mark::flagged});
    }
    return {std::move(section)};
}

}  // namespace echotrio::loadgen
