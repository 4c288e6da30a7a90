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
            return same_word(trimmed(header[i]), name);
        });
        if (known == kNames.end()) {
            return records.wrong(fmt::format("unknown column {}; the first line names {}",
                                             quoted_cell(header[i]), kColumns));
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

bool is_figure(double value) {
    return value > 0 && value <= kMost;
}

// Empty: it can be shown in a line as it is.
std::string wrong_with_name(const std::string& name) {
    if (trimmed(name).empty()) return "a kind of instance needs a name";
    if (name.size() > kLongestName) {
        return fmt::format("a name has at most {} bytes", kLongestName);
    }
    return has_control_characters(name) ? "a name has no control characters" : "";
}

Result<InstanceKind> kind_of(const std::vector<std::string>& cells, const Columns& columns,
                             const CsvRecords& records) {
    InstanceKind kind;
    kind.name = cells[columns.name];
    if (const std::string wrong = wrong_with_name(kind.name); !wrong.empty()) {
        return records.wrong(wrong);
    }
    for (const auto& [column, what, value] :
         {std::tuple{columns.vcpu, "vcpu", &kind.vcpu}, std::tuple{columns.gib, "gib", &kind.gib},
          std::tuple{columns.price, "price_per_hour", &kind.price_per_hour}}) {
        const std::string& cell = cells[column];
        if (read_cell(cell, *value) && is_figure(*value)) continue;
        return records.wrong(
            fmt::format("{} must be a number above 0, at most a million, like 0.085, got {}", what,
                        quoted_cell(cell)));
    }
    return kind;
}

bool is_currency(const std::string& text) {
    return text.size() <= kLongestCurrency && !has_control_characters(text);
}

Result<std::string> currency_of(const std::vector<std::string>& cells, const Columns& columns,
                                const CsvRecords& records) {
    if (!columns.currency) return std::string();
    const std::string& currency = cells[*columns.currency];
    if (is_currency(currency)) return currency;
    return records.wrong(fmt::format("a currency is a code like EUR, at most {} bytes, got {}",
                                     kLongestCurrency, quoted_cell(currency)));
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
        const auto cells = records.next();
        if (!cells) return cells.error();
        if (cells->empty()) break;
        if (list.kinds.size() == kMostKinds) {
            return records.wrong(fmt::format("more than {} kinds of instances", kMostKinds));
        }
        auto kind = kind_of(*cells, *columns, records);
        if (!kind) return kind.error();
        if (!names.insert(kind->name).second) {
            return records.wrong(fmt::format("{} stands there twice", quoted_cell(kind->name)));
        }
        const auto currency = currency_of(*cells, *columns, records);
        if (!currency) return currency.error();
        if (!list.kinds.empty() && *currency != list.currency) {
            return records.wrong(
                fmt::format("currency '{}', where the rows before have '{}'; prices "
                            "are compared in one",
                            *currency, list.currency));
        }
        list.currency = *currency;
        list.kinds.push_back(std::move(*kind));
    }
    if (list.kinds.empty()) return Error{"there are no rows: write one per kind of instance"};
    return list;
}

std::string wrong_with(const PriceList& list) {
    if (list.kinds.empty() || list.kinds.size() > kMostKinds) {
        return fmt::format("a price list has 1 to {} kinds of instances", kMostKinds);
    }
    if (!is_currency(list.currency)) return "the currency of the prices is no code like EUR";
    std::set<std::string> names;
    for (const InstanceKind& kind : list.kinds) {
        if (std::string wrong = wrong_with_name(kind.name); !wrong.empty()) return wrong;
        if (!names.insert(kind.name).second) return "a kind of instance stands there twice";
        if (!is_figure(kind.vcpu) || !is_figure(kind.gib) || !is_figure(kind.price_per_hour)) {
            return "a figure of a price list is above 0 and at most a million";
        }
    }
    return "";
}

}  // namespace echotrio::loadgen
