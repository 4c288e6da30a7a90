#include "loadgen/analysis/points_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kRows = 100'000;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\"";
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// The cell of that column, trimmed; empty where the line has fewer.
std::string_view cell(std::string_view line, std::size_t column) {
    for (; column > 0; --column) {
        const std::size_t comma = line.find(',');
        if (comma == std::string_view::npos) return {};
        line.remove_prefix(comma + 1);
    }
    return trimmed(line.substr(0, line.find(',')));
}

bool same_word(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::optional<std::size_t> column_named(std::string_view header, std::string_view name) {
    for (std::size_t column = 0;; ++column) {
        const std::size_t comma = header.find(',');
        if (same_word(trimmed(header.substr(0, comma)), name)) return column;
        if (comma == std::string_view::npos) return std::nullopt;
        header.remove_prefix(comma + 1);
    }
}

template <class T>
bool read(std::string_view text, T& value) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && wrong == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<std::vector<ScalingPoint>> parse_points(std::string_view csv) {
    std::vector<ScalingPoint> points;
    std::optional<std::size_t> n;
    std::optional<std::size_t> x;
    std::optional<std::size_t> repetition;
    bool header_seen = false;
    for (std::size_t number = 1; !csv.empty(); ++number) {
        const std::size_t end = csv.find('\n');
        const std::string_view line = trimmed(csv.substr(0, end));
        csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        if (!std::exchange(header_seen, true)) {
            n = column_named(line, "n");
            x = column_named(line, "x");
            repetition = column_named(line, "repetition");
            if (!n || !x) {
                return Error{
                    fmt::format("line {}: the first line must name the columns n "
                                "(concurrency) and x (throughput), like n,x",
                                number)};
            }
            continue;
        }
        ScalingPoint point;
        if (!read(cell(line, *n), point.n) || !read(cell(line, *x), point.x) ||
            !std::isfinite(point.n) || !std::isfinite(point.x)) {
            return Error{fmt::format("line {}: n and x must be numbers", number)};
        }
        if (repetition && !read(cell(line, *repetition), point.repetition)) {
            return Error{fmt::format("line {}: repetition must be a whole number", number)};
        }
        if (points.size() == kRows) return Error{fmt::format("more than {} rows", kRows)};
        points.push_back(point);
    }
    if (points.empty()) return Error{"there are no rows: write n,x and then a row per measurement"};
    return points;
}

}  // namespace echotrio::loadgen
