// A report before it has a form: sections of paragraphs, tables, charts and cards, which console,
// Markdown and HTML render in their own ways. Texts are plain; each renderer escapes for itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace echotrio::loadgen {

enum class Mark : std::uint8_t { plain, best, flagged, invalid, muted };

struct TableCell {
    std::string text;
    Mark mark = Mark::plain;
};

struct Column {
    std::string title;
    bool number = false;  // right aligned
    // A narrow terminal leaves out the least important columns first; 0 always stays.
    int importance = 0;
};

struct Table {
    std::string caption;
    std::vector<Column> columns;
    std::vector<std::vector<TableCell>> rows;  // each as long as `columns`
    std::vector<std::size_t> breaks;           // rows before which a group begins
};

struct Paragraph {
    std::string text;
    Mark mark = Mark::plain;
};

struct ChartPoint {
    double x = 0, y = 0;
    std::optional<double> low{}, high{};  // error bar
    bool invalid = false;                 // drawn differently, with `note` as the reason
    std::string note{};
    std::optional<double> x_low{}, x_high{};  // error bar across, of a scatter
};

struct Series {
    std::string name;
    std::string variant;  // chooses the colour; empty = neutral
    std::vector<ChartPoint> points;
    bool dashed = false;
    bool markers = true;
    bool dotted = false;
    bool band = false;    // low and high as a band around the line instead of bars
    bool second = false;  // measured on the chart's second y axis
    bool off = false;     // drawn when the reader switches it on
    bool joined = false;  // a line through its points, in a scatter
};

struct Axis {
    std::string title;
    bool logarithmic = false;
    std::string unit;                 // "us", "bytes", "1/s" or "": how ticks are written
    std::vector<std::string> labels;  // categories; points then have x = 0, 1, ...
};

struct Chart {
    enum class Kind : std::uint8_t { lines, bars, stacked, scatter };
    std::string id;  // unique in the document; letters, digits, dashes
    std::string title;
    std::string caption;  // how to read it
    Kind kind = Kind::lines;
    Axis x, y;
    std::vector<Series> series;
    Axis second{};  // y axis on the right, of series that say so
    // Categories from top to bottom, each figure written beside its bar or point: for labels that
    // need room.
    bool horizontal = false;
    // A line across at this y, and what it is called: what the figures are seen against.
    std::optional<double> reference{};
    std::string reference_name{};
};

// A statement of the data: what was found, how sure it is.
struct Card {
    std::string topic;     // "wait"
    std::string value;     // "3.92 x", or "no difference"
    std::string sentence;  // what it is; the value is not said again
    std::vector<std::string> more;
    Mark mark = Mark::plain;
    std::optional<Chart> chart{};  // small, beside the words
    // Where there is no picture, these lines stand for `sentence` and `more`: the same with
    // intervals. A page keeps them with the card's figures.
    std::vector<std::string> precise{};
    std::optional<Table> figures{};  // more than the chart's; empty = those of the chart
    // Address in the page; cards that have one can be shown alone, one after the other.
    std::string id{};
    std::vector<std::pair<std::string, std::string>> facts{};  // "measured by", where
};

struct Cards {
    std::vector<Card> cards;
};

using Block = std::variant<Paragraph, Table, Chart, Cards>;

struct Section {
    std::string id;
    std::string title;
    std::vector<Block> blocks;
    bool detail = false;           // left out of the console
    bool last_on_console = false;  // a terminal shows the end first, a page its beginning
    std::string short_title{};     // for navigation; empty = the title up to its colon
    bool folded = false;           // long and seldom read: a page shows it on demand
    std::string group{};           // of the menu; empty = that of the section before
};

// How the series of a variant are drawn, the same in every chart.
struct Tint {
    std::string variant;
    std::size_t colour = 0;  // place in the palette
    bool pale = false;       // the first of two that share a colour: "before"
};

// A built-in model has its own colour in every report; other variants have the next ones.
std::vector<Tint> tints_of(const std::vector<std::string>& variants);

struct Document {
    std::string title;
    std::vector<std::string> subtitle;
    std::vector<Tint> tints;
    std::vector<Section> sections;
};

// The figures of a chart as a table, for readers without a picture.
Table table_of(const Chart& chart);

}  // namespace echotrio::loadgen
