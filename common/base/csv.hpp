// Cells of CSV (RFC 4180): between commas, in quotes where they hold commas, quotes or line ends.
// Blanks around a cell do not count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio {

inline constexpr std::size_t kMostCsvCells = 1000;  // of a record

// What is wrong with a record: a quote without its end, something between a closing quote and the
// comma, more than kMostCsvCells.
enum class CsvFault : std::uint8_t { none, open_quote, behind_quote, too_many };

// The cells of one record after the other, in the same memory: a log has millions of records.
class CsvCells {
  public:
    // Takes the record at the front of `text` off, but for its line end. After a fault the cells
    // and the rest of `text` mean nothing.
    CsvFault take(std::string_view& text);

    std::size_t size() const { return used_; }
    // Precondition: i < size().
    const std::string& operator[](std::size_t i) const { return cells_[i]; }
    std::vector<std::string> copy() const;
    // The first cell that is this word, in any case; `lower` is in lower case.
    std::optional<std::size_t> find(std::string_view lower) const;

  private:
    std::vector<std::string> cells_;  // used_ of them are the record's
    std::size_t used_ = 0;
};

// Without the blanks and tabs around it.
std::string_view trimmed(std::string_view text);

// The same in any case of ASCII; `lower` is in lower case.
bool same_word(std::string_view text, std::string_view lower);

}  // namespace echotrio
