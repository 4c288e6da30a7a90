#include "loadgen/analysis/csv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kCells = 1000;  // of a row

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

bool same_word(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

}  // namespace

CsvRecords::CsvRecords(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

Result<std::vector<std::string>> CsvRecords::header() {
    auto cells = record();
    if (cells) columns_ = cells->size();
    return cells;
}

Result<std::vector<std::string>> CsvRecords::next() {
    auto cells = record();
    if (!cells || cells->empty() || cells->size() == columns_) return cells;
    return wrong(
        fmt::format("{} cells, where the header has {}; a cell with a comma stands in \"quotes\"",
                    cells->size(), columns_));
}

Error CsvRecords::wrong(std::string_view what) const {
    return Error{fmt::format("line {}: {}", line_, what)};
}

Result<std::vector<std::string>> CsvRecords::record() {
    skip_what_is_none();
    line_ = next_line_;
    std::vector<std::string> cells;
    if (text_.empty()) return cells;
    while (true) {
        if (cells.size() == kCells) return wrong(fmt::format("more than {} cells", kCells));
        std::string& cell = cells.emplace_back();
        skip_blanks();
        if (text_.starts_with('"')) {
            if (!quoted(cell)) return wrong("a quoted cell does not end");
            skip_blanks();
            if (!text_.empty() && text_.find_first_of(",\r\n") != 0) {
                return wrong("something stands between a closing quote and the comma");
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

void CsvRecords::skip_blanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size()));
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

bool CsvRecords::quoted(std::string& cell) {
    text_.remove_prefix(1);
    while (true) {
        const std::size_t quote = text_.find('"');
        if (quote == std::string_view::npos) return false;
        cell += text_.substr(0, quote);
        next_line_ += static_cast<std::size_t>(
            std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
        text_.remove_prefix(quote + 1);
        if (!text_.starts_with('"')) return true;
        cell += '"';  // two stand for one
        text_.remove_prefix(1);
    }
}

std::optional<std::size_t> column_named(const std::vector<std::string>& header,
                                        std::string_view lower) {
    const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& cell) {
        return same_word(trimmed(cell), lower);
    });
    if (found == header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.begin());
}

}  // namespace echotrio::loadgen
