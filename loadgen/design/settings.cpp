#include "loadgen/design/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kMostName = 40, kMostValue = 100;
// Beside an axis these stand in what `tune --json` says of a setting, and would be overwritten.
constexpr std::array<std::string_view, 17> kKeys{"rate",
                                                 "ci95",
                                                 "rounds",
                                                 "searched_rate",
                                                 "ratio_to_highest",
                                                 "ratio_ci95",
                                                 "objective_us",
                                                 "p99_us",
                                                 "cpus_used",
                                                 "cpu_us_per_request",
                                                 "memory_bytes",
                                                 "time_to_ready_s",
                                                 "unfit",
                                                 "why",
                                                 "generator_was_limit",
                                                 "limited_by",
                                                 "above"};
constexpr std::uint64_t kLargest = 1'000'000'000;

Error wrong(std::string_view text, const std::string& why) {
    return Error{
        fmt::format("--vary: {}: write NAME=1..16, NAME=1,2,4 or NAME=sync,gthread, got "
                    "'{}'",
                    why, text.substr(0, 200))};
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const bool leading_zero = text.size() > 1 && text.front() == '0';
    if (error != std::errc{} || rest != end || leading_zero || value > kLargest) return {};
    return value;
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kMostName &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

// It goes into a command line as it is: nothing that would end a word or open a quote.
bool is_value(std::string_view value) {
    return !value.empty() && value.size() <= kMostValue &&
           std::all_of(value.begin(), value.end(), [](char c) {
               return c > ' ' && c <= '~' &&
                      std::string_view("'\"\\{}").find(c) == std::string_view::npos;
           });
}

// "1..16" as numbers, or one value.
Status add_part(TunedAxis& axis, std::string_view part, std::string_view text) {
    const std::size_t dots = part.find("..");
    if (dots == std::string_view::npos) {
        if (!is_value(part)) return wrong(text, "a value is empty, too long, or has a quote in it");
        axis.values.emplace_back(part);
        return Done{};
    }
    const auto low = whole_number(part.substr(0, dots)), high = whole_number(part.substr(dots + 2));
    if (!low || !high) return wrong(text, "the ends of a range are whole numbers");
    if (*low > *high) {
        return wrong(text, fmt::format("{}..{} runs downwards", *low, *high));
    }
    if (static_cast<double>(*high - *low) >= kMostSettings) {
        return wrong(text, fmt::format("more than {} values", kMostSettings));
    }
    for (std::uint64_t value = *low; value <= *high; ++value) {
        axis.values.push_back(fmt::format("{}", value));
    }
    return Done{};
}

}  // namespace

Result<TunedAxis> parse_axis(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return wrong(text, "there is no =");
    TunedAxis axis;
    axis.name = text.substr(0, equals);
    if (!is_name(axis.name)) return wrong(text, "a name is of letters, digits, - and _");
    for (const char* own : {"host", "port", "cpus", "dir"}) {
        if (axis.name == own) return wrong(text, fmt::format("{{{}}} is filled in already", own));
    }
    if (std::find(kKeys.begin(), kKeys.end(), axis.name) != kKeys.end()) {
        return wrong(
            text, fmt::format("{} is what the JSON calls a figure, take another name", axis.name));
    }
    std::string_view rest = text.substr(equals + 1);
    if (rest.empty()) return wrong(text, "there is no value");
    for (bool more = true; more;) {
        const std::size_t comma = rest.find(',');
        more = comma != std::string_view::npos;
        if (const Status added = add_part(axis, rest.substr(0, comma), text); !added) {
            return added.error();
        }
        if (more) rest.remove_prefix(comma + 1);
    }
    axis.ordered = std::all_of(axis.values.begin(), axis.values.end(),
                               [](const auto& value) { return whole_number(value).has_value(); });
    if (axis.ordered) {
        std::sort(axis.values.begin(), axis.values.end(),
                  [](const auto& a, const auto& b) { return *whole_number(a) < *whole_number(b); });
    }
    for (auto at = axis.values.begin(); at != axis.values.end();) {
        at = std::find(axis.values.begin(), at, *at) != at ? axis.values.erase(at) : at + 1;
    }
    return axis;
}

Result<double> count_settings(const std::vector<TunedAxis>& axes) {
    double settings = 1;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        settings *= static_cast<double>(axes[i].values.size());
        for (std::size_t k = 0; k < i; ++k) {
            if (axes[k].name == axes[i].name) {
                return Error{fmt::format("--vary: {} is there twice", axes[i].name)};
            }
        }
    }
    if (settings > kMostSettings) {
        return Error{
            fmt::format("--vary: {:.0f} settings in all, more than {:.0f}: take fewer "
                        "values, like 1,2,4,8,16",
                        settings, kMostSettings)};
    }
    return settings;
}

std::vector<std::string> names_in(std::string_view command) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < command.size(); ++i) {
        if (command[i] != '{' && command[i] != '}') continue;
        if (i + 1 < command.size() && command[i + 1] == command[i]) {
            ++i;
            continue;
        }
        const std::size_t end = command.find('}', i);
        if (command[i] == '}' || end == std::string_view::npos) continue;
        names.emplace_back(command.substr(i + 1, end - i - 1));
        i = end;
    }
    return names;
}

std::string with_values(std::string_view command,
                        const std::map<std::string, std::string>& values) {
    std::string text;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const bool twice = i + 1 < command.size() && command[i + 1] == command[i];
        if (twice && (command[i] == '{' || command[i] == '}')) {
            text.append(2, command[i++]);
            continue;
        }
        const std::size_t end = command[i] == '{' ? command.find('}', i) : std::string_view::npos;
        const auto value = end == std::string_view::npos
                               ? values.end()
                               : values.find(std::string(command.substr(i + 1, end - i - 1)));
        if (value == values.end()) {
            text += command[i];
            continue;
        }
        text += value->second;
        i = end;
    }
    return text;
}

std::map<std::string, std::string> values_of(const std::vector<TunedAxis>& axes,
                                             const Setting& setting) {
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        values[axes[i].name] = axes[i].values.at(setting.at(i));
    }
    return values;
}

std::string words_of(const std::vector<TunedAxis>& axes, const Setting& setting) {
    std::string text;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        text += fmt::format("{}{} {}", i == 0 ? "" : ", ", axes[i].name,
                            axes[i].values.at(setting.at(i)));
    }
    return text;
}

}  // namespace echotrio::loadgen
