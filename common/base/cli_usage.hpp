// The usage line of a command, where CLI11 words it for itself. For cli.cpp, the one file that
// compiles it.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <string>

namespace echotrio::cli {

// Positionals in the usage line as readers write them, "results [results]"; CLI11 says "(1x)".
class Formatter : public CLI::Formatter {
  public:
    std::string make_option_usage(const CLI::Option* option) const override {
        const int least = option->get_expected_min(), most = option->get_expected_max();
        if (most <= 1 || most >= CLI::detail::expected_max_vector_size) {
            return CLI::Formatter::make_option_usage(option);
        }
        const std::string name = make_option_name(option, true);
        std::string text;
        for (int i = 0; i < most; ++i) {
            const bool needed = option->get_required() && i < least;
            text += fmt::format("{}{}", i == 0 ? "" : " ", needed ? name : "[" + name + "]");
        }
        return text;
    }
};

}  // namespace echotrio::cli
