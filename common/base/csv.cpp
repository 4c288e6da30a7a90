#include "common/base/csv.hpp"

#include <algorithm>

namespace echotrio {
namespace {

constexpr std::string_view kBlank = " \t";

void skip_blanks(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

bool ends_cell(char c) {
    return c == ',' || c == '\r' || c == '\n';
}

// Takes the rest of a quoted cell. False: the quote does not end.
bool take_quoted(std::string_view& text, std::string& cell) {
    while (true) {
        const std::size_t quote = text.find('"');
        if (quote == std::string_view::npos) return false;
        cell += text.substr(0, quote);
        text.remove_prefix(quote + 1);
        if (!text.starts_with('"')) return true;
        cell += '"';  // two stand for one
        text.remove_prefix(1);
    }
}

}  // namespace

CsvFault CsvCells::take(std::string_view& text) {
    for (used_ = 0;; text.remove_prefix(1)) {
        if (used_ == kMostCsvCells) return CsvFault::too_many;
        if (used_ == cells_.size()) cells_.emplace_back();
        std::string& cell = cells_[used_++];
        cell.clear();
        skip_blanks(text);
        if (text.starts_with('"')) {
            text.remove_prefix(1);
            if (!take_quoted(text, cell)) return CsvFault::open_quote;
            skip_blanks(text);
            if (!text.empty() && !ends_cell(text.front())) return CsvFault::behind_quote;
        } else {
            const auto* const end = std::find_if(text.begin(), text.end(), ends_cell);
            const auto length = static_cast<std::size_t>(end - text.begin());
            cell = trimmed(text.substr(0, length));
            text.remove_prefix(length);
        }
        if (!text.starts_with(',')) return CsvFault::none;
    }
}

std::vector<std::string> CsvCells::copy() const {
    return {cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(used_)};
}

std::optional<std::size_t> CsvCells::find(std::string_view lower) const {
    for (std::size_t i = 0; i < used_; ++i) {
        if (same_word(trimmed(cells_[i]), lower)) return i;
    }
    return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

bool same_word(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

}  // namespace echotrio
