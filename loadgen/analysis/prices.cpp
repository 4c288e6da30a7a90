#include "loadgen/analysis/prices.hpp"

#include "loadgen/analysis/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kLongestName = 80, kLongestCurrency = 8;  // bytes
constexpr double kMost = 1e6;
constexpr const char* kColumns = "name,vcpu,gib,price_per_hour and perhaps currency";

// Where each column stands.
struct Columns {
    std::size_t name = 0, vcpu = 0, gib = 0, price = 0;
    std::optional<std::size_t> currency;
};

Result<Columns> columns_of(const std::vector<std::string>& header, const CsvRecords& records) {
    constexpr std::array<std::string_view, 5> kNames{"name", "vcpu", "gib", "price_per_hour",
                                                     "currency"};
    std::array<std::optional<std::size_t>, kNames.size()> at;
    for (std::size_t i = 0; i < header.size(); ++i) {
        const auto* const known = std::find_if(kNames.begin(), kNames.end(), [&](auto name) {
            return column_named({header[i]}, name).has_value();
        });
        if (known == kNames.end()) {
            return records.wrong(fmt::format("unknown column '{}'; the first line names {}",
                                             header[i].substr(0, 40), kColumns));
        }
        auto& place = at[static_cast<std::size_t>(known - kNames.begin())];
        if (place) return records.wrong(fmt::format("column {} stands there twice", *known));
        place = i;
    }
    for (std::size_t i = 0; i + 1 < kNames.size(); ++i) {
        if (at[i]) continue;
        return records.wrong(
            fmt::format("no column {}; the first line names {}", kNames[i], kColumns));
    }
    return Columns{*at[0], *at[1], *at[2], *at[3], at[4]};
}

// Empty: it can be shown in a line as it is.
std::string wrong_with_name(const std::string& name) {
    if (name.empty()) return "a kind of instance needs a name";
    if (name.size() > kLongestName) {
        return fmt::format("a name has at most {} bytes", kLongestName);
    }
    const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
    return odd ? "a name has no control characters" : "";
}

}  // namespace

Result<PriceList> parse_prices(std::string_view csv) {
    CsvRecords records(csv);
    const auto header = records.header();
    if (!header) return header.error();
    if (header->empty())
        return Error{fmt::format("it is empty: its first line names {}", kColumns)};
    const auto columns = columns_of(*header, records);
    if (!columns) return columns.error();
    PriceList list;
    std::set<std::string> names;
    while (true) {
        auto cells = records.next();
        if (!cells) return cells.error();
        if (cells->empty()) break;
        if (list.kinds.size() == kMostKinds) {
            return records.wrong(fmt::format("more than {} kinds of instances", kMostKinds));
        }
        InstanceKind kind;
        kind.name = (*cells)[columns->name];
        if (const std::string wrong = wrong_with_name(kind.name); !wrong.empty()) {
            return records.wrong(wrong);
        }
        if (!names.insert(kind.name).second) {
            return records.wrong(fmt::format("'{}' stands there twice", kind.name));
        }
        for (const auto& [column, what, value] :
             {std::tuple{columns->vcpu, "vcpu", &kind.vcpu},
              std::tuple{columns->gib, "gib", &kind.gib},
              std::tuple{columns->price, "price_per_hour", &kind.price_per_hour}}) {
            const std::string& cell = (*cells)[column];
            if (read_cell(cell, *value) && *value > 0 && *value <= kMost) continue;
            return records.wrong(
                fmt::format("{} must be a number above 0, at most a million, like "
                            "0.085, got '{}'",
                            what, cell.substr(0, 40)));
        }
        const std::string currency = columns->currency ? (*cells)[*columns->currency] : "";
        if (currency.size() > kLongestCurrency) {
            return records.wrong(
                fmt::format("a currency is a code like EUR, at most {} bytes", kLongestCurrency));
        }
        if (!list.kinds.empty() && currency != list.currency) {
            return records.wrong(
                fmt::format("currency '{}', where the rows before have '{}'; prices "
                            "are compared in one",
                            currency, list.currency));
        }
        list.currency = currency;
        list.kinds.push_back(std::move(kind));
    }
    if (list.kinds.empty()) return Error{"there are no rows: write one per kind of instance"};
    return list;
}

}  // namespace echotrio::loadgen
