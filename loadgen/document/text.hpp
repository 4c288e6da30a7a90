// A document as text: for a terminal and as Markdown.
#pragma once

#include "loadgen/document/document.hpp"

#include <string>

namespace echotrio::loadgen {

struct TerminalStyle {
    bool colour = false;
    std::size_t width = 100;  // columns of the terminal
};

// Colours unless NO_COLOR is set (https://no-color.org), TERM is "dumb" or `fd` is no terminal; its
// width, or COLUMNS, or 100.
TerminalStyle terminal_style(int fd);

std::string to_console(const Document& document, const TerminalStyle& style);
std::string to_markdown(const Document& document);

// Columns that a character takes; East Asian wide ones count as one, which ours never are.
std::size_t display_width(std::string_view utf8);

}  // namespace echotrio::loadgen
