// A command line as the user writes it, without a shell: split into words, placeholders filled in.
// Pure.
#pragma once

#include "common/base/result.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// As a POSIX shell splits words: blanks part them, 'quotes' keep everything, "double quotes" all
// but \" \\ \$ \` and an escaped line end, a backslash keeps the next character. Nothing is
// expanded, so what only a shell can do ($NAME, `...`, *, ~, ; | & < > outside quotes) stays a
// plain character. Error: a quote is not closed, a backslash ends the text, there is no word, or
// more than 64 KiB.
Result<std::vector<std::string>> split_words(std::string_view text);

// {name} becomes its value, {{ and }} a brace. Error: there is no such name (and which there are),
// or a single brace.
Result<std::string> fill_in(std::string_view text,
                            const std::map<std::string, std::string>& values);

}  // namespace echotrio::loadgen
