#include "loadgen/findings/comparisons.hpp"

#include "common/base/fnv1a.hpp"
#include "loadgen/findings/digest.hpp"
#include "loadgen/findings/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace echotrio::loadgen {
namespace {

// An interval that reaches further than this many times the ratio says nothing.
constexpr double kWidest = 100;

// On its side of 1, which decides: 1.004 and 0.998 are not 1.00.
std::string format_bound(double bound) {
    std::string text = format_ratio(bound), one = format_ratio(1);
    for (int digits = 3; digits < 7 && bound != 1 && text == one; ++digits) {
        text = fmt::format("{:.{}f}", bound, digits);
        one = fmt::format("{:.{}f}", 1.0, digits);
    }
    return text;
}

std::set<std::uint64_t> rounds_of(const Cell& cell) {
    std::set<std::uint64_t> rounds;
    for (const Trial* trial : cell.trials) rounds.insert(trial->point.repetition);
    return rounds;
}

// Whether the figure says something here: with a given rate, throughput is what was asked for.
bool tells(const Digest& digest, const Metric& metric, const Cell& a, const Cell& b) {
    const std::string_view key = metric.key;
    const Workload* workload = workload_of(digest, a.level.workload);
    const bool open_loop =
        a.level.rate > 0 || (workload != nullptr && !workload->load.rate.empty());
    if (key == "throughput_rps") return !open_loop || a.overloaded || b.overloaded;
    if (is_silent(digest, a.level.workload)) return key == "pss" || key == "memory";
    return !metric.of_all_connections || (!a.starved() && !b.starved());
}

// A comparison on its way: its interval and its words wait until all p values are known.
struct Candidate {
    Comparison comparison;
    Ratio ratio;
    const Metric* metric;
    const Cell *larger, *smaller;
};

std::optional<Ratio> ratio_of(const Metric& metric, const Cell& a, const Cell& b,
                              std::uint64_t seed, Rounds rounds) {
    if (rounds == Rounds::separate) {
        return Ratio::unpaired(counted_values(a, metric), counted_values(b, metric));
    }
    const std::string what = fmt::format("{} {} {} {} {} {}", a.level.workload, a.level.connections,
                                         a.level.rate, metric.key, a.variant, b.variant);
    Rng rng = Rng(seed).split(fnv1a(what));
    if (a.level.server_cpus > 0) rng = rng.split(a.level.server_cpus);
    const Pairs pairs = pairs_of(a, b, metric);
    return Ratio::paired(pairs.numerator, pairs.denominator, rng);
}

// The larger figure over the smaller, so that every sentence reads "x times".
std::optional<Candidate> candidate(const Metric& metric, const Cell& a, const Cell& b,
                                   std::uint64_t seed, Rounds rounds) {
    const auto ratio = ratio_of(metric, a, b, seed, rounds);
    if (!ratio) return std::nullopt;
    if (ratio->value() < 1) return candidate(metric, b, a, seed, rounds);
    Comparison c{.level = a.level,
                 .metric = metric.key,
                 .numerator = a.variant,
                 .denominator = b.variant,
                 .numerator_count = counted_values(a, metric).size(),
                 .denominator_count = counted_values(b, metric).size(),
                 .rounds = ratio->rounds(),
                 .p = ratio->p_value()};
    if (rounds == Rounds::shared) c.left_out = pairs_of(a, b, metric).left_out;
    return Candidate{std::move(c), *ratio, &metric, &a, &b};
}

std::string sentence(const Candidate& candidate) {
    const Comparison& c = candidate.comparison;
    const Metric& metric = *candidate.metric;
    std::string doubt = format_interval(c);
    if (c.left_out > 0) {
        doubt += fmt::format("; {} of {} rounds count", c.rounds, c.rounds + c.left_out);
    }
    const std::string ratio = format_ratio(c.ratio.value);
    if (c.finding == Direction::no_difference || c.finding == Direction::not_known) {
        return fmt::format("{} and {}: no difference shown in {} (ratio {}, {})", c.numerator,
                           c.denominator, metric.noun, ratio, doubt);
    }
    if (ratio ==
        format_ratio(1)) {  // "1.00 times" would say nothing, in an interval of 1.00 to 1.00
        const auto percent = [](double value) {
            return fmt::format("{:.2g} %", (value - 1) * 100);
        };
        const auto bounds = telling_interval(c.ratio);
        return fmt::format("{} has a little more than {} in {}: {}{}", c.numerator, c.denominator,
                           metric.noun, percent(c.ratio.value),
                           bounds ? fmt::format(" (95 % interval {} to {})", percent(bounds->low),
                                                percent(bounds->high))
                                  : "");
    }
    std::string text = metric.unit == Unit::per_second
                           ? fmt::format("{} handles {} times as many {} as {} ({})", c.numerator,
                                         ratio, metric.noun, c.denominator, doubt)
                           : fmt::format("{} has {} times the {} of {} ({})", c.numerator, ratio,
                                         metric.noun, c.denominator, doubt);
    for (const Cell* cell : {candidate.larger, candidate.smaller}) {
        if (cell->starved()) text += fmt::format("; {} {}", cell->variant, served_text(*cell));
    }
    return text;
}

std::vector<Candidate> candidates_of(const Digest& digest, std::uint64_t seed, Rounds rounds) {
    std::vector<Candidate> all;
    for (const Level& level : digest.levels) {
        const auto cells = cells_at(digest, level);
        for (std::size_t i = 0; i < cells.size(); ++i) {
            for (std::size_t j = i + 1; j < cells.size(); ++j) {
                for (const Metric& metric : metrics()) {
                    if (!metric.use.compared || !tells(digest, metric, *cells[i], *cells[j])) {
                        continue;
                    }
                    auto one = candidate(metric, *cells[i], *cells[j], seed, rounds);
                    if (one) all.push_back(std::move(*one));
                }
            }
        }
    }
    return all;
}

}  // namespace

const char* name_of(Direction direction) {
    switch (direction) {
        case Direction::more:
            return "more";
        case Direction::less:
            return "less";
        case Direction::no_difference:
            return "no difference";
        case Direction::not_known:
            return "not known";
    }
    return "";
}

Pairs pairs_of(const Cell& numerator, const Cell& denominator, const Metric& metric) {
    const auto top = counted_by_round(numerator, metric);
    const auto bottom = counted_by_round(denominator, metric);
    Pairs pairs;
    std::set<std::uint64_t> tried = rounds_of(numerator);
    tried.merge(rounds_of(denominator));
    for (const std::uint64_t round : tried) {
        const auto a = top.find(round), b = bottom.find(round);
        if (a == top.end() || b == bottom.end()) {
            ++pairs.left_out;
            continue;
        }
        pairs.numerator.push_back(a->second);
        pairs.denominator.push_back(b->second);
    }
    return pairs;
}

std::vector<Comparison> comparisons_of(const Digest& digest, std::uint64_t seed, Rounds rounds) {
    std::vector<Candidate> all = candidates_of(digest, seed, rounds);
    std::vector<double> p_values;
    for (const Candidate& one : all) {
        if (one.comparison.p) p_values.push_back(*one.comparison.p);
    }
    const Discoveries found = discoveries(p_values);
    const std::vector<double> raised = adjusted(p_values);
    std::vector<Comparison> comparisons;
    std::size_t next = 0;
    for (Candidate& one : all) {
        Comparison& c = one.comparison;
        c.ratio = one.ratio.estimate(found.alpha);
        if (c.p) {
            c.p_adjusted = raised[next++];
            // A ratio is of the larger over the smaller figure.
            c.finding = found.is_difference(*c.p) ? Direction::more : Direction::no_difference;
        }
        c.sentence = sentence(one);
        comparisons.push_back(std::move(c));
    }
    return comparisons;
}

Discoveries discoveries_of(const std::vector<Comparison>& comparisons) {
    std::vector<double> p_values;
    for (const Comparison& c : comparisons) {
        if (c.p) p_values.push_back(*c.p);
    }
    return discoveries(p_values);
}

std::vector<Level> wide_levels(const Digest& digest) {
    const double alpha = discoveries_of(digest.comparisons).alpha;
    std::vector<Level> wide;
    for (const Comparison& c : digest.comparisons) {
        if (c.metric != headline_of(digest, c.level.workload)) continue;
        if (!wide.empty() && wide.back() == c.level) continue;
        const Pairs pairs = pairs_of(*digest.cell(c.numerator, c.level),
                                     *digest.cell(c.denominator, c.level), *find_metric(c.metric));
        if (!is_narrow(pairs.numerator, pairs.denominator, digest.plan.precision, alpha)) {
            wide.push_back(c.level);
        }
    }
    return wide;
}

std::optional<Bounds> telling_interval(const Estimate& ratio) {
    const bool tells = ratio.interval && ratio.interval->high <= kWidest * ratio.value;
    return tells ? ratio.interval : std::nullopt;
}

std::string format_ratio(double ratio) {
    return ratio >= 0.1 && ratio < 100 ? fmt::format("{:.{}f}", ratio, ratio < 10 ? 2 : 1)
                                       : format_count(ratio);
}

std::string format_bounds(const Bounds& bounds) {
    return fmt::format("{} to {}", format_bound(bounds.low), format_bound(bounds.high));
}

std::string format_interval(const Comparison& comparison) {
    if (!comparison.ratio.interval) return "one round: no interval";
    const auto bounds = telling_interval(comparison.ratio);
    if (!bounds && comparison.rounds >= kManyRounds &&
        !std::isfinite(comparison.ratio.interval->high)) {
        return "no interval: the rounds hardly differ";  // drawn again, they are often all alike
    }
    if (!bounds) return fmt::format("{} rounds are too few for an interval", comparison.rounds);
    return "95 % interval " + format_bounds(*bounds);
}

}  // namespace echotrio::loadgen
