// What `loadgen tune` varies: axes of values, and commands with places for them. Pure.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/results/tuning.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// More settings than this nobody can have meant.
inline constexpr double kMostSettings = 10'000;

// "workers=1..16", "threads=1,2,4", "workers=1..8,12,16", "class=sync,gthread". Numbers are put in
// order, and each counts once. A name is none of the keys that the JSON has beside it. Error: what
// is wrong and what to write.
Result<TunedAxis> parse_axis(std::string_view text);

// How many settings there are. Error: too many, or a name that is there twice.
Result<double> count_settings(const std::vector<TunedAxis>& axes);

// The names in braces of a command line; {{ and }} are braces of its own.
std::vector<std::string> names_in(std::string_view command);

// {name} becomes its value where it has one; everything else stays as it is, other braces too.
std::string with_values(std::string_view command, const std::map<std::string, std::string>& values);

std::map<std::string, std::string> values_of(const std::vector<TunedAxis>& axes,
                                             const Setting& setting);

// "workers 8, threads 2"
std::string words_of(const std::vector<TunedAxis>& axes, const Setting& setting);

}  // namespace echotrio::loadgen
