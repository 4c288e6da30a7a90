// A CSV file record by record: the first names the columns, the others have as many cells. A byte
// order mark, empty lines and lines that begin with # are passed over. Pure.
#pragma once

#include "common/base/csv.hpp"
#include "common/base/result.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

class CsvRecords {
  public:
    explicit CsvRecords(std::string_view text);

    // The first record, which names the columns. Error: as of next().
    Result<std::vector<std::string>> header();
    // Where the header has the column, in any case; `lower` is in lower case.
    std::optional<std::size_t> column(std::string_view lower) const;
    // The next one; empty at the end. Error, with its line: a quote without its end, more than 1000
    // cells, or not as many as the header has.
    Result<std::vector<std::string>> next();

    // What is wrong with the record that was read last, with the line where it begins.
    Error wrong(std::string_view what) const;

  private:
    Result<std::vector<std::string>> record();
    void end_line();
    void skip_what_is_none();

    std::string_view text_;
    std::size_t line_ = 0, next_line_ = 1;
    CsvCells header_, cells_;
};

// A cell for a message: in quotes, its first 40 bytes, ? for what a terminal would obey.
std::string quoted_cell(std::string_view cell);

// Whether a terminal would obey something in it.
bool has_control_characters(std::string_view text);

// The whole cell as a number; false: it is none.
template <class T>
bool read_cell(std::string_view cell, T& value) {
    const auto [end, wrong] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    return !cell.empty() && wrong == std::errc() && end == cell.data() + cell.size();
}

}  // namespace echotrio::loadgen
