#include "loadgen/traffic/readers.hpp"

#include <algorithm>
#include <charconv>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kMostCells = 1000;

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

// Takes the rest of a quoted cell. False: the quote does not end on this line.
bool take_quoted(std::string_view& line, std::string& cell) {
    while (true) {
        const std::size_t quote = line.find('"');
        if (quote == std::string_view::npos) return false;
        cell += line.substr(0, quote);
        line.remove_prefix(quote + 1);
        if (!line.starts_with('"')) return true;
        cell += '"';  // two stand for one
        line.remove_prefix(1);
    }
}

// -1: there is none. Empty: no such number.
std::optional<std::int64_t> parse_bytes(std::string_view text) {
    if (text.empty() || text == "-") return -1;
    std::int64_t bytes = 0;
    const auto [rest, wrong] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (wrong != std::errc() || rest != text.data() + text.size()) return std::nullopt;
    return std::max<std::int64_t>(bytes, -1);
}

}  // namespace

std::optional<RecordedTime> parse_any_time(std::string_view text) {
    const auto seconds = parse_unix_seconds(text);
    return seconds ? seconds : parse_rfc3339(text);
}

bool CsvReader::could_begin_with(std::string_view line) {
    CsvReader reader;
    if (!reader.split(line)) return false;
    if (reader.take_header()) return true;
    // Many files of numbers begin with what could be a time.
    const bool others = reader.used_ == 1 || reader.cell(reader.path_).starts_with('/');
    return others && parse_any_time(reader.cell(0));
}

// False: a quote without its end, something behind one, too many cells.
bool CsvReader::split(std::string_view line) {
    for (used_ = 0;; line.remove_prefix(1)) {
        if (used_ == kMostCells) return false;
        if (used_ == cells_.size()) cells_.emplace_back();
        std::string& cell = cells_[used_++];
        cell.clear();
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.starts_with('"')) {
            line.remove_prefix(1);
            if (!take_quoted(line, cell)) return false;
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
            if (!line.empty() && line.front() != ',') return false;
        } else {
            const std::size_t end = std::min(line.find(','), line.size());
            cell = trimmed(line.substr(0, end));
            line.remove_prefix(end);
        }
        if (line.empty()) return true;
    }
}

// Whether the line that was split names the columns.
bool CsvReader::take_header() {
    const auto column = [&](std::string_view name) {
        std::size_t i = 0;
        while (i < used_ && !same_word(cells_[i], name)) ++i;
        return i < used_ ? i : kMissing;
    };
    const std::size_t time = column("time");
    if (time == kMissing) return false;
    time_ = time;
    method_ = column("method");
    path_ = column("path");
    bytes_ = column("bytes");
    return true;
}

std::optional<Look> CsvReader::read(std::string_view line) {
    if (!split(line)) return Skip::malformed;
    if (!begun_ && take_header()) {
        begun_ = true;
        return std::nullopt;
    }
    begun_ = true;
    const auto time = parse_any_time(cell(time_));
    if (!time) return Skip::time;
    const auto bytes = parse_bytes(cell(bytes_));
    if (!bytes) return Skip::malformed;
    return sendable(*time, cell(method_), cell(path_), *bytes);
}

}  // namespace echotrio::loadgen
