#include "loadgen/analysis/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

std::string words_of(CsvFault fault) {
    if (fault == CsvFault::open_quote) return "a quoted cell does not end";
    if (fault == CsvFault::too_many) return fmt::format("more than {} cells", kMostCsvCells);
    return "something stands between a closing quote and the comma";
}

}  // namespace

CsvRecords::CsvRecords(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

Result<std::vector<std::string>> CsvRecords::header() {
    auto cells = record();
    header_ = cells_;
    return cells;
}

std::optional<std::size_t> CsvRecords::column(std::string_view lower) const {
    return header_.find(lower);
}

Result<std::vector<std::string>> CsvRecords::next() {
    auto cells = record();
    if (!cells || cells->empty() || cells->size() == header_.size()) return cells;
    return wrong(
        fmt::format("{} cells, where the header has {}; a cell with a comma stands in \"quotes\"",
                    cells->size(), header_.size()));
}

Error CsvRecords::wrong(std::string_view what) const {
    return Error{fmt::format("line {}: {}", line_, what)};
}

Result<std::vector<std::string>> CsvRecords::record() {
    skip_what_is_none();
    line_ = next_line_;
    if (text_.empty()) return std::vector<std::string>{};
    const std::string_view before = text_;
    if (const CsvFault fault = cells_.take(text_); fault != CsvFault::none) {
        return wrong(words_of(fault));
    }
    const std::string_view taken = before.substr(0, before.size() - text_.size());
    next_line_ += static_cast<std::size_t>(std::count(taken.begin(), taken.end(), '\n'));
    end_line();
    return cells_.copy();
}

void CsvRecords::end_line() {
    if (text_.starts_with('\r')) text_.remove_prefix(1);
    if (text_.starts_with('\n')) text_.remove_prefix(1);
    ++next_line_;
}

void CsvRecords::skip_what_is_none() {
    while (!text_.empty()) {
        const std::size_t end = std::min(text_.find_first_of("\r\n"), text_.size());
        const std::string_view line = trimmed(text_.substr(0, end));
        if (!line.empty() && line.front() != '#') return;
        text_.remove_prefix(end);
        end_line();
    }
}

std::string quoted_cell(std::string_view cell) {
    constexpr std::size_t kShown = 40;
    std::string text(cell.substr(0, kShown));
    std::replace_if(text.begin(), text.end(), is_control, '?');
    return fmt::format("'{}'", text);
}

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_control);
}

}  // namespace echotrio::loadgen
