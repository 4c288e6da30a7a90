#include "loadgen/findings/digest.hpp"

#include "loadgen/analysis/bootstrap.hpp"
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/findings/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace echotrio::loadgen {
namespace {

// Percentiles of a run in which the backlog grew only tell how long the run was.
std::optional<double> figure(const Metric& metric, const Trial& trial) {
    if (metric.of_all_connections && trial.result.verdict.overloaded) return std::nullopt;
    return metric.of(trial);
}

// Whether the trial's figure may be used.
bool counts_for(const Metric& metric, const Trial& trial) {
    return metric.unit == Unit::bytes ? counts_for_memory(trial) : trial.counts();
}

void collect_findings(const std::vector<Finding>& from,
                      std::vector<std::pair<Finding, std::size_t>>& into) {
    for (const Finding& finding : from) {
        const auto same = std::find_if(into.begin(), into.end(), [&](const auto& known) {
            return known.first.check == finding.check && known.first.advice == finding.advice;
        });
        if (same == into.end()) {
            into.emplace_back(finding, 1);
        } else {
            ++same->second;
        }
    }
}

// FNV-1a: std::hash may differ from build to build, and reports must not.
std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

Spread spread_of(const std::vector<double>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return {median(values), *least, *most, values.size(), true};
}

class Digester {
  public:
    explicit Digester(const Experiment& experiment) : experiment_(experiment) {
        if (auto plan = plan_from_json(experiment.settings)) out_.plan = std::move(*plan);
    }

    Digest run() {
        collect_order();
        for (const Level& level : out_.levels) {
            for (const std::string& variant : out_.variants) add_cell(variant, level);
        }
        for (const Level& level : out_.levels) compare(level);
        for (const std::string& variant : out_.variants) add_memory(variant);
        return std::move(out_);
    }

  private:
    // Empty: the plan has no such variant.
    std::string model_of(const std::string& label) const {
        const auto& all = out_.plan.variants;
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const Variant& v) { return v.label == label; });
        return found == all.end() ? std::string() : found->model;
    }
    bool silent(const Level& level) const { return is_silent(out_, level.workload); }

    // The plan's order first, then whatever else the trials have.
    void collect_order() {
        const auto add = [](auto& list, const auto& item) {
            if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
        };
        std::vector<std::string> workloads;
        for (const Variant& v : out_.plan.variants) add(out_.variants, v.label);
        for (const Workload& w : out_.plan.workloads) add(workloads, w.name);
        for (const Trial& trial : experiment_.trials) {
            add(out_.variants, trial.point.variant);
            add(workloads, trial.point.level.workload);
            add(out_.levels, trial.point.level);
        }
        const auto place = [&](const Level& level) {
            return std::tuple(std::find(workloads.begin(), workloads.end(), level.workload),
                              level.connections, level.rate);
        };
        std::sort(out_.levels.begin(), out_.levels.end(),
                  [&](const Level& a, const Level& b) { return place(a) < place(b); });
    }

    void add_cell(const std::string& label, const Level& level) {
        Cell cell;
        cell.variant = label;
        cell.level = level;
        cell.connections = cell.served = level.connections;
        for (const Trial& trial : experiment_.trials) {
            if (trial.point.variant != label || trial.point.level != level) continue;
            cell.trials.push_back(&trial);
            if (trial.counts()) ++cell.counted;
        }
        if (cell.trials.empty()) return;
        std::sort(cell.trials.begin(), cell.trials.end(), [](const Trial* a, const Trial* b) {
            return std::tuple(a->point.repetition, a->attempt) <
                   std::tuple(b->point.repetition, b->attempt);
        });
        for (const Trial* trial : cell.trials) {
            collect_findings(trial->result.verdict.reasons, cell.reasons);
            collect_findings(trial->result.verdict.flags, cell.flags);
            if (cell.counted > 0 && !trial->counts()) continue;
            cell.overloaded = cell.overloaded || trial->result.verdict.overloaded;
            cell.served = std::min(cell.served,
                                   silent(level) ? connections_held(trial->result, model_of(label))
                                                 : trial->result.connections.served);
        }
        for (const Metric& metric : metrics()) add_value(cell, metric);
        out_.cells.push_back(std::move(cell));
    }

    static void add_value(Cell& cell, const Metric& metric) {
        std::vector<double> values = counted_values(cell, metric);
        const bool valid = !values.empty();
        for (const Trial* trial : cell.trials) {
            if (valid) break;
            if (const auto value = figure(metric, *trial)) values.push_back(*value);
        }
        if (values.empty()) return;
        Spread spread = spread_of(values);
        spread.valid = valid;
        cell.values[metric.key] = spread;
    }

    // Whether the figure says something here: with a given rate, throughput is what was asked for.
    bool tells(const Metric& metric, const Level& level, const Cell& a, const Cell& b) const {
        const std::string_view key = metric.key;
        const Workload* workload = workload_of(out_, level.workload);
        const bool open_loop =
            level.rate > 0 || (workload != nullptr && !workload->load.rate.empty());
        if (key == "throughput_rps") return !open_loop || a.overloaded || b.overloaded;
        if (silent(level)) return key == "pss" || key == "memory";
        return !metric.of_all_connections || (!a.starved() && !b.starved());
    }

    void compare(const Level& level) {
        for (std::size_t i = 0; i < out_.variants.size(); ++i) {
            for (std::size_t j = i + 1; j < out_.variants.size(); ++j) {
                const Cell* a = out_.cell(out_.variants[i], level);
                const Cell* b = out_.cell(out_.variants[j], level);
                if (a == nullptr || b == nullptr) continue;
                for (const Metric& metric : metrics()) {
                    if (metric.use.compared && tells(metric, level, *a, *b)) {
                        compare(metric, *a, *b);
                    }
                }
            }
        }
    }

    // The larger figure over the smaller, so that every sentence reads "x times".
    void compare(const Metric& metric, const Cell& a, const Cell& b) {
        std::vector<double> top = counted_values(a, metric), bottom = counted_values(b, metric);
        if (top.empty() || bottom.empty()) return;
        Comparison c{a.level, metric.key, a.variant, b.variant, 0, 0, {}, Direction::not_known, {}};
        const Cell* larger = &a;
        const Cell* smaller = &b;
        if (median(top) < median(bottom)) {
            std::swap(top, bottom);
            std::swap(c.numerator, c.denominator);
            std::swap(larger, smaller);
        }
        c.numerator_count = top.size();
        c.denominator_count = bottom.size();
        const std::string what =
            fmt::format("{} {} {} {} {} {}", c.level.workload, c.level.connections, c.level.rate,
                        c.metric, c.numerator, c.denominator);
        c.ratio = ratio_of_medians(top, bottom, Rng(experiment_.seed).split(fingerprint(what)));
        if (c.ratio.value <= 0) return;
        if (c.ratio.interval) {
            c.finding = c.ratio.interval->low > 1    ? Direction::more
                        : c.ratio.interval->high < 1 ? Direction::less
                                                     : Direction::no_difference;
        }
        c.sentence = sentence(c, metric, *larger, *smaller);
        out_.comparisons.push_back(std::move(c));
    }

    static std::string sentence(const Comparison& c, const Metric& metric, const Cell& larger,
                                const Cell& smaller) {
        const std::string interval =
            format_interval(c.ratio, std::min(c.numerator_count, c.denominator_count));
        if (c.finding == Direction::no_difference) {
            return fmt::format("{} and {}: no difference shown in {} (ratio {}, {})", c.numerator,
                               c.denominator, metric.noun, format_ratio(c.ratio.value), interval);
        }
        std::string text =
            metric.unit == Unit::per_second
                ? fmt::format("{} handles {} times as many {} as {} ({})", c.numerator,
                              format_ratio(c.ratio.value), metric.noun, c.denominator, interval)
                : fmt::format("{} has {} times the {} of {} ({})", c.numerator,
                              format_ratio(c.ratio.value), metric.noun, c.denominator, interval);
        for (const Cell* cell : {&larger, &smaller}) {
            if (cell->starved()) text += fmt::format("; {} {}", cell->variant, served_text(*cell));
        }
        return text;
    }

    // A line through every trial of the silent workloads in which all connections were held.
    void add_memory(const std::string& label) {
        const Metric& memory = *find_metric("memory");
        const std::set<const Trial*> grown = trials_with_most_connections(label);
        std::map<std::string, std::vector<const Trial*>> by_workload;
        for (const Cell& cell : out_.cells) {
            if (cell.variant != label || !silent(cell.level) || cell.starved()) continue;
            for (const Trial* trial : cell.trials) {
                if (counts_for(memory, *trial) && grown.count(trial) > 0) {
                    by_workload[cell.level.workload].push_back(trial);
                }
            }
        }
        for (const auto& [workload, trials] : by_workload) {
            if (!add_pool(label, trials)) add_slope(label, workload, trials);
        }
    }

    // A server that is not fresh keeps memory from trials with more connections; those that no
    // earlier one exceeds are left. All, where each has its own server.
    std::set<const Trial*> trials_with_most_connections(const std::string& label) const {
        std::set<const Trial*> found;
        std::uint64_t most = 0;
        for (const Trial& trial : experiment_.trials) {
            if (trial.point.variant != label) continue;
            most = std::max(most, trial.point.level.connections);
            if (out_.plan.fresh_servers || trial.point.level.connections == most) {
                found.insert(&trial);
            }
        }
        return found;
    }

    bool add_pool(const std::string& label, const std::vector<const Trial*>& trials) {
        if (out_.plan.fresh_servers || trials.empty()) return false;
        std::uint64_t processes = 0;
        std::vector<double> bytes;
        for (const Trial* trial : trials) {
            const auto& server = trial->result.server;
            if (!server || server->processes < 2) return false;
            if (processes != 0 && server->processes != processes) return false;
            processes = server->processes;
            double total = 0;
            for (const MemoryPart& part : memory_parts()) {
                total += server_memory(*trial, part.key).value_or(0);
            }
            bytes.push_back(total / static_cast<double>(processes));
        }
        out_.pools.push_back({label, processes, median(bytes)});
        return true;
    }

    void add_slope(const std::string& label, const std::string& workload,
                   const std::vector<const Trial*>& trials) {
        MemorySlope slope;
        slope.variant = label;
        slope.workload = workload;
        std::set<std::uint64_t> levels;
        std::vector<double> x;
        for (const Trial* trial : trials) {
            levels.insert(trial->point.level.connections);
            x.push_back(static_cast<double>(trial->point.level.connections));
        }
        std::vector<double> total(x.size());
        for (const MemoryPart& part : memory_parts()) {
            std::vector<double> y;
            for (const Trial* trial : trials) {
                if (const auto bytes = server_memory(*trial, part.key)) y.push_back(*bytes);
            }
            const auto fit = y.size() == x.size() ? least_squares(x, y) : std::nullopt;
            if (!fit) continue;  // unavailable here
            slope.parts[part.key] = fit->slope;
            std::transform(y.begin(), y.end(), total.begin(), total.begin(), std::plus<>());
        }
        const auto line = least_squares(x, total);
        if (!line || slope.parts.empty()) return;
        slope.total = *line;
        slope.levels = levels.size();
        slope.most_held = *levels.rbegin();
        out_.memory.push_back(std::move(slope));
    }

    const Experiment& experiment_;
    Digest out_;
};

}  // namespace

std::vector<double> counted_values(const Cell& cell, const Metric& metric) {
    std::vector<double> values;
    for (const Trial* trial : cell.trials) {
        if (!counts_for(metric, *trial)) continue;
        if (const auto value = figure(metric, *trial)) values.push_back(*value);
    }
    return values;
}

std::string served_text(const Cell& cell) {
    return fmt::format("served {} of {} connections", format_exact_count(cell.served),
                       format_exact_count(cell.connections));
}

const Spread* Cell::value(std::string_view metric) const {
    const auto found = values.find(std::string(metric));
    return found == values.end() ? nullptr : &found->second;
}

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

const Cell* Digest::cell(std::string_view variant, const Level& level) const {
    const auto found = std::find_if(cells.begin(), cells.end(), [&](const Cell& c) {
        return c.variant == variant && c.level == level;
    });
    return found == cells.end() ? nullptr : &*found;
}

const Comparison* Digest::comparison(const Level& level, std::string_view metric,
                                     std::string_view a, std::string_view b) const {
    const auto found = std::find_if(comparisons.begin(), comparisons.end(), [&](const auto& c) {
        return c.level == level && c.metric == metric &&
               ((c.numerator == a && c.denominator == b) ||
                (c.numerator == b && c.denominator == a));
    });
    return found == comparisons.end() ? nullptr : &*found;
}

std::string format_ratio(double ratio) {
    return ratio < 100 ? fmt::format("{:.{}f}", ratio, ratio < 10 ? 2 : 1) : format_count(ratio);
}

std::string format_interval(const Estimate& ratio, std::size_t repetitions) {
    if (!ratio.interval) {
        return "no interval from " + format_plural(repetitions, "repetition");
    }
    return fmt::format("95 % interval {} to {}", format_ratio(ratio.interval->low),
                       format_ratio(ratio.interval->high));
}

Digest digest(const Experiment& experiment) {
    return Digester(experiment).run();
}

}  // namespace echotrio::loadgen
