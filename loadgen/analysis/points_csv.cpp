#include "loadgen/analysis/points_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kRows = 100'000;
constexpr std::size_t kCells = 1000;  // of a row

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// One record after the other (RFC 4180): cells between commas, in quotes where they hold commas,
// quotes or line ends. Beside the RFC: empty lines and lines that begin with # are passed over, and
// blanks around a cell do not count.
class Records {
  public:
    explicit Records(std::string_view text) : text_(text) {
        constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
        if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    }

    // Empty at the end. Error: a quote without its end.
    Result<std::vector<std::string>> next() {
        skip_what_is_none();
        line_ = next_line_;
        std::vector<std::string> cells;
        if (text_.empty()) return cells;
        while (true) {
            if (cells.size() == kCells) return Error{fmt::format("more than {} cells", kCells)};
            std::string& cell = cells.emplace_back();
            skip_blanks();
            if (text_.starts_with('"')) {
                if (!quoted(cell)) return Error{"a quoted cell does not end"};
                skip_blanks();
                if (!text_.empty() && text_.find_first_of(",\r\n") != 0) {
                    return Error{"something stands between a closing quote and the comma"};
                }
            } else {
                const std::size_t end = std::min(text_.find_first_of(",\r\n"), text_.size());
                cell = trimmed(text_.substr(0, end));
                text_.remove_prefix(end);
            }
            if (!text_.starts_with(',')) break;
            text_.remove_prefix(1);
        }
        end_line();
        return cells;
    }
    std::size_t line() const { return line_; }  // where that record begins, from 1

  private:
    void skip_blanks() {
        text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size()));
    }
    void end_line() {
        if (text_.starts_with('\r')) text_.remove_prefix(1);
        if (text_.starts_with('\n')) text_.remove_prefix(1);
        ++next_line_;
    }
    void skip_what_is_none() {
        while (!text_.empty()) {
            const std::size_t end = std::min(text_.find_first_of("\r\n"), text_.size());
            const std::string_view line = trimmed(text_.substr(0, end));
            if (!line.empty() && line.front() != '#') return;
            text_.remove_prefix(end);
            end_line();
        }
    }
    bool quoted(std::string& cell) {
        text_.remove_prefix(1);
        while (true) {
            const std::size_t quote = text_.find('"');
            if (quote == std::string_view::npos) return false;
            cell += text_.substr(0, quote);
            next_line_ += static_cast<std::size_t>(std::count(
                text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
            text_.remove_prefix(quote + 1);
            if (!text_.starts_with('"')) return true;
            cell += '"';  // two stand for one
            text_.remove_prefix(1);
        }
    }

    std::string_view text_;
    std::size_t line_ = 0, next_line_ = 1;
};

bool same_word(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::optional<std::size_t> column_named(const std::vector<std::string>& header,
                                        std::string_view name) {
    const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& cell) {
        return same_word(trimmed(cell), name);
    });
    if (found == header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.begin());
}

template <class T>
bool read(std::string_view text, T& value) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && wrong == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<std::vector<ScalingPoint>> parse_points(std::string_view csv) {
    std::vector<ScalingPoint> points;
    Records records(csv);
    const auto wrong = [&](std::string_view what) {
        return Error{fmt::format("line {}: {}", records.line(), what)};
    };
    const auto header = records.next();
    if (!header) return wrong(header.error().message);
    const auto n = column_named(*header, "n"), x = column_named(*header, "x");
    const auto repetition = column_named(*header, "repetition");
    if (!header->empty() && (!n || !x)) {
        return wrong(
            "the first line must name the columns n (concurrency) and x (throughput), like n,x");
    }
    while (true) {
        const auto cells = records.next();
        if (!cells) return wrong(cells.error().message);
        if (cells->empty()) break;
        if (cells->size() != header->size()) {
            return wrong(
                fmt::format("{} cells, where the header has {}; a cell with a comma "
                            "stands in \"quotes\"",
                            cells->size(), header->size()));
        }
        ScalingPoint point;
        if (!read((*cells)[*n], point.n) || !read((*cells)[*x], point.x) ||
            !std::isfinite(point.n) || !std::isfinite(point.x)) {
            return wrong(fmt::format("n and x must be numbers like 1878.5, got '{}' and '{}'",
                                     (*cells)[*n].substr(0, 40), (*cells)[*x].substr(0, 40)));
        }
        if (repetition && !read((*cells)[*repetition], point.repetition)) {
            return wrong("repetition must be a whole number");
        }
        if (points.size() == kRows) return Error{fmt::format("more than {} rows", kRows)};
        points.push_back(point);
    }
    if (points.empty()) return Error{"there are no rows: write n,x and then a row per measurement"};
    return points;
}

}  // namespace echotrio::loadgen
