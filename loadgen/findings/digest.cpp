#include "loadgen/findings/digest.hpp"

#include "loadgen/analysis/verdict.hpp"
#include "loadgen/findings/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

Spread spread_of(const std::vector<double>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return {median(values), *least, *most, values.size(), true};
}

class Digester {
  public:
    Digester(const Experiment& experiment, Rounds rounds)
        : experiment_(experiment), rounds_(rounds) {
        if (auto plan = plan_from_json(experiment.settings)) out_.plan = std::move(*plan);
    }

    Digest run() {
        collect_order();
        for (const Level& level : out_.levels) {
            for (const std::string& variant : out_.variants) add_cell(variant, level);
        }
        out_.comparisons = comparisons_of(out_, experiment_.seed, rounds_);
        for (const std::string& variant : out_.variants) add_memory(variant);
        make_comparable(out_.memory);
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
    // What an end of a connection takes of slab, where the variant was measured: of results laid
    // over each other, whose variants and environments are named alike ("threads (A)"), in its own.
    std::optional<BytesOfEnd> end_of(const std::string& label) const {
        for (const auto& [key, value] : experiment_.environment.items()) {
            if (!key.starts_with(kEndKey)) continue;
            const std::string of = key.substr(std::string_view(kEndKey).size());
            if (label.ends_with(of)) return end_from_json({{kEndKey, value}});
        }
        return std::nullopt;
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
                              level.server_cpus, level.connections, level.rate);
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

    // Of the trials of the silent workloads in which all connections were held.
    void add_memory(const std::string& label) {
        const Metric& memory = *find_metric("memory");
        const std::set<const Trial*> grown = trials_with_most_connections(label);
        std::map<std::string, std::vector<const Trial*>> own, all;  // by workload
        for (const Cell& cell : out_.cells) {
            if (cell.variant != label || !silent(cell.level) || cell.starved()) continue;
            for (const Trial* trial : cell.trials) {
                if (!counts_for(memory, *trial)) continue;
                all[cell.level.workload].push_back(trial);
                if (grown.count(trial) > 0) own[cell.level.workload].push_back(trial);
            }
        }
        for (const auto& [workload, trials] : own) {
            auto pool = out_.plan.fresh_servers ? std::nullopt : fixed_pool(trials);
            if (pool) {
                out_.pools.push_back(std::move(*pool));
            } else if (auto slope = memory_slope(trials, all[workload], end_of(label))) {
                out_.memory.push_back(std::move(*slope));
            }
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

    const Experiment& experiment_;
    Rounds rounds_;
    Digest out_;
};

}  // namespace

std::map<std::uint64_t, double> counted_by_round(const Cell& cell, const Metric& metric) {
    std::map<std::uint64_t, double> values;
    for (const Trial* trial : cell.trials) {
        if (!counts_for(metric, *trial)) continue;
        if (const auto value = figure(metric, *trial)) values[trial->point.repetition] = *value;
    }
    return values;
}

std::vector<double> counted_values(const Cell& cell, const Metric& metric) {
    std::vector<double> values;
    for (const auto& [round, value] : counted_by_round(cell, metric)) values.push_back(value);
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

Digest digest(const Experiment& experiment, Rounds rounds) {
    return Digester(experiment, rounds).run();
}

}  // namespace echotrio::loadgen
