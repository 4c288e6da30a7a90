#include "loadgen/document/text.hpp"

#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <sstream>
#include <utility>

namespace echotrio::loadgen {
namespace {

std::string pad(const std::string& text, std::size_t width, bool right) {
    const std::string space(width - std::min(width, display_width(text)), ' ');
    return right ? space + text : text + space;
}

// Words of `text` in lines of at most `width` columns, each begun with `indent`.
std::string wrap(std::string_view text, std::size_t width, const std::string& indent) {
    std::istringstream words{std::string(text)};
    std::string out, line = indent;
    for (std::string word; words >> word;) {
        const bool first = line.size() == indent.size();
        if (!first && display_width(line) + 1 + display_width(word) > width) {
            out += line + '\n';
            line = indent + word;
        } else {
            line += (first ? "" : " ") + word;
        }
    }
    return out + line + '\n';
}

// Control characters of strings from outside must not reach the terminal.
std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return out;
}

// What a card says where no picture says it too.
std::vector<std::string> lines_of(const Card& card) {
    if (!card.precise.empty()) return card.precise;
    std::vector<std::string> lines{card.sentence};
    lines.insert(lines.end(), card.more.begin(), card.more.end());
    return lines;
}

class Console {
  public:
    explicit Console(const TerminalStyle& style) : style_(style) {}

    std::string render(const Document& document) {
        out_ += paint(printable(document.title), "1") + '\n';
        for (const std::string& line : document.subtitle) {
            out_ += wrap(printable(line), style_.width, "");
        }
        for (const bool last : {false, true}) {
            for (const Section& section : document.sections) {
                if (!section.detail && section.last_on_console == last) add(section);
            }
        }
        return std::move(out_);
    }

  private:
    std::string paint(const std::string& text, const char* code) const {
        return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
    }
    std::string paint(const std::string& text, Mark mark) const {
        switch (mark) {
            case Mark::best:
                return paint(text, "1;32");
            case Mark::flagged:
                return paint(text, "33");
            case Mark::invalid:
                return paint(text, "31");
            case Mark::muted:
                return paint(text, "2");
            case Mark::plain:
                return text;
        }
        return text;
    }

    void add(const Section& section) {
        std::string title = wrap(printable(section.title), style_.width, "");
        title.pop_back();
        out_ += '\n' + paint(title, "1") + '\n';
        for (const Block& block : section.blocks) {
            std::visit([this](const auto& b) { add(b); }, block);
        }
    }
    void add(const Paragraph& paragraph) {
        std::string lines = wrap(printable(paragraph.text), style_.width, "  ");
        lines.pop_back();
        out_ += paint(lines, paragraph.mark) + '\n';
    }
    void add(const Chart&) {}  // its figures are in the tables
    void add(const Cards& cards) {
        for (const Card& card : cards.cards) {
            out_ += "  " + paint(pad(printable(card.topic), 6, false), "1") + "  " +
                    paint(printable(card.value), card.mark) + '\n';
            for (const std::string& line : lines_of(card)) {
                out_ += wrap(printable(line), style_.width, "          ");
            }
        }
    }

    void add(const Table& table) {
        std::vector<std::size_t> widths;
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            std::size_t width = display_width(table.columns[c].title);
            for (const auto& row : table.rows) {
                width = std::max(width, display_width(printable(row[c].text)));
            }
            widths.push_back(width);
        }
        const std::vector<bool> shown = fitting(table, widths);
        narrow_last(table, shown, widths);
        if (!table.caption.empty()) out_ += wrap(printable(table.caption), style_.width, "  ");
        add_head(table, widths, shown);
        for (std::size_t r = 0; r < table.rows.size(); ++r) {
            if (std::find(table.breaks.begin(), table.breaks.end(), r) != table.breaks.end()) {
                out_ += '\n';
            }
            add_row(table, r, widths, shown);
        }
        const auto hidden = std::count(shown.begin(), shown.end(), false);
        if (hidden > 0) {
            out_ += paint(
                wrap(fmt::format("({} in a wider terminal)",
                                 format_plural(static_cast<std::uint64_t>(hidden), "more column")),
                     style_.width, "  "),
                Mark::muted);
        }
    }

    // Nothing where no column has a title.
    void add_head(const Table& table, const std::vector<std::size_t>& widths,
                  const std::vector<bool>& shown) {
        std::string line = "  ";
        for (std::size_t c = 0; c < widths.size(); ++c) {
            if (!shown[c]) continue;
            line += pad(table.columns[c].title, widths[c], table.columns[c].number) + "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        if (!line.empty()) out_ += paint(line, "2") + '\n';
    }

    void add_row(const Table& table, std::size_t r, const std::vector<std::size_t>& widths,
                 const std::vector<bool>& shown) {
        std::string line = "  ";
        std::size_t taken = 2;  // columns of the terminal, without colours
        for (std::size_t c = 0; c < widths.size(); ++c) {
            if (!shown[c]) continue;
            const TableCell& cell = table.rows[r][c];
            std::string text = printable(cell.text);
            const std::size_t width = display_width(text);
            if (width > widths[c]) {  // the last one: it goes on below itself
                text = wrap(text, style_.width, std::string(taken, ' '));
                text = text.substr(taken, text.size() - taken - 1);
            }
            const std::string space(widths[c] - std::min(widths[c], width), ' ');
            const std::string painted = paint(text, cell.mark);
            line += (table.columns[c].number ? space + painted : painted + space) + "  ";
            taken += widths[c] + 2;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out_ += line + '\n';
    }

    static std::size_t total(const std::vector<std::size_t>& widths,
                             const std::vector<bool>& shown) {
        std::size_t sum = 0;
        for (std::size_t c = 0; c < widths.size(); ++c) sum += shown[c] ? widths[c] + 2 : 0;
        return sum;
    }

    // A last column of text has what the others leave, if that is enough for words.
    void narrow_last(const Table& table, const std::vector<bool>& shown,
                     std::vector<std::size_t>& widths) const {
        constexpr std::size_t kLeast = 20;
        const std::size_t sum = total(widths, shown);
        const auto found = std::find(shown.rbegin(), shown.rend(), true);
        if (found == shown.rend() || sum <= style_.width) return;
        const auto last = static_cast<std::size_t>(shown.rend() - found) - 1;
        if (table.columns[last].number) return;
        const std::size_t others = sum - widths[last];
        if (others + kLeast <= style_.width) widths[last] = style_.width - others;
    }

    // The columns that fit, the most important first.
    std::vector<bool> fitting(const Table& table, const std::vector<std::size_t>& widths) const {
        std::vector<bool> shown(widths.size(), true);
        while (total(widths, shown) > style_.width) {
            std::size_t least = widths.size();
            for (std::size_t c = 0; c < widths.size(); ++c) {
                if (!shown[c] || table.columns[c].importance == 0) continue;
                if (least == widths.size() ||
                    table.columns[c].importance >= table.columns[least].importance) {
                    least = c;
                }
            }
            if (least == widths.size()) break;
            shown[least] = false;
        }
        return shown;
    }

    const TerminalStyle& style_;
    std::string out_;
};

// Characters that Markdown or the HTML inside it would take for markup.
std::string escape_markdown(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        if (std::string_view("\\`*_[]<>|#&").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

struct Markdown {
    std::string out;
    bool bare = false;

    void operator()(const Paragraph& paragraph) { out += escape_markdown(paragraph.text) + "\n\n"; }
    // Where nothing else has the figures: `bare`, a section of charts alone. Curves of hundreds of
    // points are for pictures.
    void operator()(const Chart& chart) {
        if (!bare || chart.x.labels.empty()) return;
        out += fmt::format("**{}**\n\n", escape_markdown(chart.title));
        (*this)(table_of(chart));
        if (!chart.caption.empty()) out += escape_markdown(chart.caption) + "\n\n";
    }
    void operator()(const Cards& cards) {
        for (const Card& card : cards.cards) {
            out += fmt::format("- **{}: {}**", escape_markdown(card.topic),
                               escape_markdown(card.value));
            const char* before = ": ";
            for (const std::string& line : lines_of(card)) {
                out += fmt::format("{}{}\n", std::exchange(before, "  - "), escape_markdown(line));
            }
            for (const auto& [what, fact] : card.facts) {
                out += fmt::format("  - {}: {}\n", escape_markdown(what), escape_markdown(fact));
            }
        }
        out += '\n';
    }
    void operator()(const Table& table) {
        if (!table.caption.empty()) out += escape_markdown(table.caption) + "\n\n";
        std::string rule = "|";
        out += '|';
        for (const Column& column : table.columns) {
            out += ' ' + escape_markdown(column.title) + " |";
            rule += column.number ? " ---: |" : " --- |";
        }
        out += '\n' + rule + '\n';
        for (const auto& row : table.rows) {
            out += '|';
            for (const TableCell& cell : row) {
                const std::string text = escape_markdown(cell.text);
                const bool strong = cell.mark == Mark::best && !text.empty();
                out += strong ? fmt::format(" **{}** |", text) : fmt::format(" {} |", text);
            }
            out += '\n';
        }
        out += '\n';
    }
};

}  // namespace

std::size_t display_width(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

TerminalStyle terminal_style(int fd) {
    TerminalStyle style;
    const char* plain = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    style.colour = ::isatty(fd) == 1 && (plain == nullptr || *plain == '\0') &&
                   (terminal == nullptr || std::string_view(terminal) != "dumb");
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        style.width = size.ws_col;
    } else if (const char* columns = std::getenv("COLUMNS")) {
        const unsigned long width = std::strtoul(columns, nullptr, 10);
        if (width >= 20 && width <= 1000) style.width = width;
    }
    return style;
}

std::string to_console(const Document& document, const TerminalStyle& style) {
    return Console(style).render(document);
}

std::string to_markdown(const Document& document) {
    Markdown markdown;
    markdown.out = fmt::format("# {}\n\n", escape_markdown(document.title));
    for (const std::string& line : document.subtitle) {
        markdown.out += escape_markdown(line) + "\n\n";
    }
    for (const Section& section : document.sections) {
        const std::string title = fmt::format("## {}\n\n", escape_markdown(section.title));
        markdown.out += title;
        markdown.bare =
            std::all_of(section.blocks.begin(), section.blocks.end(),
                        [](const Block& block) { return std::holds_alternative<Chart>(block); });
        for (const Block& block : section.blocks) std::visit(markdown, block);
        if (markdown.bare && markdown.out.ends_with(title)) {
            markdown.out.resize(markdown.out.size() - title.size());
        }
    }
    while (markdown.out.ends_with("\n\n")) markdown.out.pop_back();
    return std::move(markdown.out);
}

}  // namespace echotrio::loadgen
