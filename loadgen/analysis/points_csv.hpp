// Measured points from a CSV file: columns n and x, perhaps a repetition, others are passed over.
#pragma once

#include "common/base/result.hpp"
#include "loadgen/analysis/usl.hpp"

#include <string_view>
#include <vector>

namespace echotrio::loadgen {

// RFC 4180, with a byte order mark where there is one. The first line names the columns, in any
// order and case; empty lines and those that begin with # are passed over. At most 100,000 rows of
// 1000 cells. Error: the line and what is wrong with it.
Result<std::vector<ScalingPoint>> parse_points(std::string_view csv);

}  // namespace echotrio::loadgen
