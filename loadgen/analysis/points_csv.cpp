#include "loadgen/analysis/points_csv.hpp"

#include "loadgen/analysis/csv.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kRows = 100'000;

}  // namespace

Result<std::vector<ScalingPoint>> parse_points(std::string_view csv) {
    std::vector<ScalingPoint> points;
    CsvRecords records(csv);
    const auto header = records.header();
    if (!header) return header.error();
    const auto n = records.column("n"), x = records.column("x");
    const auto repetition = records.column("repetition");
    if (!header->empty() && (!n || !x)) {
        return records.wrong(
            "the first line must name the columns n (concurrency) and x (throughput), like n,x");
    }
    while (true) {
        const auto cells = records.next();
        if (!cells) return cells.error();
        if (cells->empty()) break;
        ScalingPoint point;
        if (!read_cell((*cells)[*n], point.n) || !read_cell((*cells)[*x], point.x) ||
            !std::isfinite(point.n) || !std::isfinite(point.x)) {
            return records.wrong(fmt::format("n and x must be numbers like 1878.5, got {} and {}",
                                             quoted_cell((*cells)[*n]), quoted_cell((*cells)[*x])));
        }
        if (repetition && !read_cell((*cells)[*repetition], point.repetition)) {
            return records.wrong("repetition must be a whole number");
        }
        if (points.size() == kRows) return Error{fmt::format("more than {} rows", kRows)};
        points.push_back(point);
    }
    if (points.empty()) return Error{"there are no rows: write n,x and then a row per measurement"};
    return points;
}

}  // namespace echotrio::loadgen
