// Measured points and prices from CSV, objectives, growth: what is read is finite and in range, and
// the points written again read back as the same.
#include "common/base/check.hpp"
#include "loadgen/analysis/objective.hpp"
#include "loadgen/analysis/percent_per.hpp"
#include "loadgen/analysis/points_csv.hpp"
#include "loadgen/analysis/prices.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <fmt/format.h>

#include <cmath>

namespace echotrio::test {
namespace {

using namespace loadgen;

void check_points(std::string_view text) {
    const auto points = parse_points(text);
    if (!points) return;
    CHECK(!points->empty());
    std::string csv = "n,x,repetition\n";
    for (const ScalingPoint& point : *points) {
        CHECK(std::isfinite(point.n) && std::isfinite(point.x));
        csv += fmt::format("{},{},{}\n", point.n, point.x, point.repetition);
    }
    const auto again = parse_points(csv);
    CHECK(again.ok() && again->size() == points->size());
    for (std::size_t i = 0; i < points->size(); ++i) {
        CHECK((*again)[i].n == (*points)[i].n && (*again)[i].x == (*points)[i].x &&
              (*again)[i].repetition == (*points)[i].repetition);
    }
}

void check_prices(std::string_view text) {
    const auto prices = parse_prices(text);
    if (!prices) return;
    CHECK(!prices->kinds.empty() && prices->kinds.size() <= kMostKinds);
    for (const InstanceKind& kind : prices->kinds) {
        CHECK(!kind.name.empty() && kind.vcpu > 0 && kind.gib > 0 && kind.price_per_hour > 0);
        CHECK(kind.vcpu <= 1e6 && kind.gib <= 1e6 && kind.price_per_hour <= 1e6);
    }
}

void check_growth(std::string_view text) {
    for (const auto& growth : {parse_growth(text), parse_ramp(text)}) {
        if (growth) CHECK(growth->share > 0 && growth->share <= 10 && growth->seconds > 0);
    }
}

void check_objective(std::string_view text) {
    const auto objective = parse_objective(text);
    if (!objective) return;
    CHECK(objective->quantile > 0 && objective->quantile < 1 && objective->limit > Nanos(0));
    CHECK(!format_objective(*objective).empty());
    CHECK(outcome_of(0, 0, *objective) == Outcome::undecided);
    CHECK(outcome_of(1000, 1000, *objective) != Outcome::met);
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = echotrio::test::text_of(data, size);
    echotrio::test::check_points(text);
    echotrio::test::check_prices(text);
    echotrio::test::check_growth(text);
    echotrio::test::check_objective(text);
    return 0;
}
