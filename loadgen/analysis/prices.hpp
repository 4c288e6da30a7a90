// A price list: kinds of instances that can be had, from a CSV file. Pure.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace echotrio::loadgen {

struct InstanceKind {
    std::string name;
    double vcpu = 0;  // may be a fraction
    double gib = 0;
    double price_per_hour = 0;  // in the list's currency
};

struct PriceList {
    std::string currency;  // empty: the file does not say
    std::vector<InstanceKind> kinds;
};

inline constexpr std::size_t kMostKinds = 10'000;

// Columns name, vcpu, gib, price_per_hour and perhaps currency, in any order and case, and no
// others. Figures are above 0 and at most a million, names differ, the currency is one. Error: the
// line and what is wrong with it.
Result<PriceList> parse_prices(std::string_view csv);

// What such a file would be refused for, without its lines; empty: nothing. For lists from
// elsewhere.
std::string wrong_with(const PriceList& list);

}  // namespace echotrio::loadgen
