#include "loadgen/commands/given_flags.hpp"

#include "common/base/cli.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

namespace echotrio::loadgen {

std::string shell_word(const std::string& text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || std::strchr(",.:/=_+-", c) != nullptr;
    });
    if (plain && !text.empty()) return text;
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

std::string given_flags(const CLI::App& command) {
    std::string text;
    for (const cli::Given& option : cli::given(command)) {
        const std::string& name = option.name;
        if (name == "--out" || name == "--quiet" || name == "--plan") continue;
        if (option.is_flag) {
            text += " " + name;
        } else if (option.has_delimiter) {
            text += fmt::format(" {} {}", name,
                                shell_word(fmt::format("{}", fmt::join(option.values, ","))));
        } else {
            for (const std::string& value : option.values) {
                text += fmt::format(" {} {}", name, shell_word(value));
            }
        }
    }
    return text;
}

}  // namespace echotrio::loadgen
