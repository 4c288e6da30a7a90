#include "loadgen/analysis/costs.hpp"

#include "common/base/to_count.hpp"
#include "loadgen/analysis/cpu_law.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;

// What memory holds, and no more than a count that is certain. Where memory is surely enough for
// that the count stands alone.
Estimate at_most(const Estimate& held, double count) {
    Estimate result{std::min(held.value, count), std::nullopt};
    if (held.interval && held.interval->low < count) {
        result.interval = Bounds{held.interval->low, std::min(held.interval->high, count)};
    }
    return result;
}

// How a model goes over to an instance of another size.
class Mapping {
  public:
    Mapping(const MeasuredModel& model, const ModelPlan& plan, const Demand& demand, Rng rng)
        : m_(model), p_(plan), d_(demand) {
        const MeasuredLevel* level = plan.level ? &model.levels[*plan.level] : nullptr;
        if (level != nullptr) {
            cpus_ = level->cpus_usable;
            connections_ = static_cast<double>(level->connections);
            // A server of one core may take a little more than that, by the kernel's work for it.
            if (m_.one_core) cpus_ = std::max(1.0, level->cpus_used().value_or(1));
        }
        if (!m_.one_core) law_ = law(rng);
        knows_memory_ = p_.bytes_per_connection && p_.kernel != KernelPart::unknown;
    }

    // Empty: it can go there.
    std::string refused() const {
        if (d_.rate > 0 && !(cpus_ > 0)) {
            return "the results do not say how many CPUs the server had";
        }
        return "";
    }
    bool knows_memory() const { return knows_memory_; }
    const std::string& name() const { return m_.name; }
    std::string words() const;
    // Error: why this kind can't run the model.
    Result<CostOption> on(const InstanceKind& kind) const;

  private:
    std::optional<CpuLaw> law(Rng rng) const;
    void carry_rate(const InstanceKind& kind, CostOption& option) const;
    Status hold_connections(const InstanceKind& kind, CostOption& option) const;
    std::string shared_cpus() const;

    const MeasuredModel& m_;
    const ModelPlan& p_;
    const Demand& d_;
    double cpus_ = 0;         // that the server could use when measured; of one core: that it took
    double connections_ = 0;  // open at its capacity
    std::optional<CpuLaw> law_;
    bool knows_memory_ = false;
};

std::optional<CpuLaw> Mapping::law(Rng rng) const {
    std::vector<ScalingPoint> points;
    for (const MeasuredCpus& row : m_.by_cpus) {
        const auto top = level_of_capacity(row.levels, d_.objective);
        if (!top) continue;
        for (const auto& repetition : row.levels[*top].repetitions) {
            points.push_back({row.cpus, repetition.throughput_rps, repetition.number});
        }
    }
    return CpuLaw::of(points, rng);
}

std::string Mapping::shared_cpus() const {
    const bool shared = std::any_of(m_.by_cpus.begin(), m_.by_cpus.end(),
                                    [](const MeasuredCpus& row) { return row.shared; });
    return shared ? "; the generator shared some of these CPUs, so that is a lower bound" : "";
}

std::string Mapping::words() const {
    if (!(cpus_ > 0)) return "nothing tells how it does on other numbers of vCPUs";
    const std::string number = format_short(cpus_);
    const std::string cpus = fmt::format("{} CPU{}", number, number == "1" ? "" : "s");
    if (m_.one_core) {
        return fmt::format(
            "a process takes {}, so an instance runs as many as its vCPUs are enough "
            "for; that they do not slow each other is assumed",
            cpus);
    }
    if (law_) return fmt::format("on other vCPUs it does by {}{}", law_->words(), shared_cpus());
    return fmt::format(
        "measured on {}; that it does as much more as an instance has more vCPUs is assumed", cpus);
}

void Mapping::carry_rate(const InstanceKind& kind, CostOption& option) const {
    if (!p_.capacity_rps || !(cpus_ > 0)) return;
    Carrying& one = option.one;
    if (m_.one_core) {
        option.copies = std::max<std::uint64_t>(1, to_count(std::round(kind.vcpu / cpus_)));
        const double share =
            std::min(1.0, kind.vcpu / (cpus_ * static_cast<double>(option.copies)));
        one.rps = scaled(*p_.capacity_rps, share * static_cast<double>(option.copies));
        one.queue_rps = p_.capacity_rps->value * share;
        return;
    }
    if (law_) {
        const CpuLaw::At at = law_->at(kind.vcpu);
        one.rps = at.rps;
        option.extrapolated = at.extrapolated;
    } else {
        one.rps = scaled(*p_.capacity_rps, kind.vcpu / cpus_);
        option.extrapolated = kind.vcpu > kExtrapolation * cpus_;
    }
    one.queue_rps = one.rps->value;
}

// By the pool's workers or the descriptors, and by memory where that is known.
Status Mapping::hold_connections(const InstanceKind& kind, CostOption& option) const {
    const double larger = cpus_ > 0 ? kind.vcpu / cpus_ : 1;
    const auto copies = static_cast<double>(option.copies);
    auto& most = option.one.connections;
    if (m_.connection_limit) {
        const bool workers = m_.pool && m_.limited_by == "workers";
        const double times = workers ? larger : copies;
        most =
            Estimate{std::max(1.0, std::floor(static_cast<double>(*m_.connection_limit) * times)),
                     std::nullopt};
        option.one.held_by = m_.limited_by;
    }
    // Of a pool so many workers are there, whatever number of connections is asked for.
    const double scale = m_.one_core ? copies : larger;
    const double busy = d_.rate > 0 ? std::max(1.0, std::ceil(connections_ * scale - 1e-9)) : 1;
    if (m_.pool) option.workers = to_count(busy);
    if (!knows_memory_) return Done{};
    const Line& line = *m_.memory;
    const double all = kind.gib * kGib * (1 - d_.headroom);
    const double left = all - copies * std::max(0.0, line.intercept);
    const auto fit = [&](double slope) { return std::max(0.0, left / slope); };
    const Bounds slopes = line.slope_interval;
    Estimate held{fit(line.slope), std::nullopt};
    if (slopes.low > 0) held.interval = Bounds{fit(slopes.high), fit(slopes.low)};
    const double needed = d_.connections > 0 && !m_.pool ? 1 : busy;
    if (held.value < needed) {
        return Error{fmt::format(
            "it needs {} of memory for {}, an instance has {} of its {}",
            format_value(copies * std::max(0.0, line.intercept) + needed * line.slope, Unit::bytes),
            format_plural(to_count(needed), m_.pool ? "worker" : "connection"),
            format_value(all, Unit::bytes), format_value(kind.gib * kGib, Unit::bytes))};
    }
    if (!most || held.value < most->value) option.one.held_by = "memory";
    most = most ? at_most(held, most->value) : held;
    return Done{};
}

Result<CostOption> Mapping::on(const InstanceKind& kind) const {
    CostOption option;
    carry_rate(kind, option);
    if (const Status held = hold_connections(kind, option); !held) return held.error();
    const auto count = count_for(option.one, d_);
    if (!count) {
        const bool queueing =
            d_.rate > 0 && usable_share(option.one.queue_rps, d_.objective, d_.headroom) <= 0;
        return Error{queueing ? fmt::format("it is so slow there that queueing alone breaks {}",
                                            format_objective(*d_.objective))
                              : fmt::format("more than {} of them would be needed",
                                            format_exact_count(kMostInstances))};
    }
    option.instances = *count;
    if (m_.pool && d_.connections > 0) {
        // as many as it takes, shared among the instances
        const auto each =
            std::ceil(static_cast<double>(d_.connections) / static_cast<double>(count->value));
        option.workers = std::max(option.workers, to_count(each));
    }
    if (d_.rate > 0 && p_.cores_per_100k_upper && option.one.rps) {
        Carrying loaded = option.one;
        const double most = kind.vcpu * 1e5 / *p_.cores_per_100k_upper;
        loaded.rps = Estimate{std::min(loaded.rps->value, most), std::nullopt};
        loaded.queue_rps *= loaded.rps->value / option.one.rps->value;
        if (const auto by_machine = count_for(loaded, d_)) {
            option.instances_by_machine = by_machine->value;
        }
    }
    const auto cost = [&](std::uint64_t instances) {
        return static_cast<double>(instances + kSpares) * kind.price_per_hour;
    };
    option.per_hour.value = cost(count->value);
    if (count->least && count->most) {
        option.per_hour.interval = Bounds{cost(*count->least), cost(*count->most)};
    }
    return option;
}

std::vector<std::string> assumptions_of(const CapacityPlan& plan,
                                        const std::vector<Mapping>& used) {
    std::vector<std::string> all;
    all.push_back("a vCPU does what a CPU of the machine did that was measured");
    std::vector<std::pair<std::string, std::string>> said;  // what, and of which models
    for (const Mapping& mapping : used) {
        const std::string words = mapping.words();
        const auto same = std::find_if(said.begin(), said.end(),
                                       [&](const auto& one) { return one.first == words; });
        if (same == said.end()) {
            said.emplace_back(words, mapping.name());
        } else {
            same->second += ", " + mapping.name();
        }
    }
    for (const auto& [words, names] : said) all.push_back(fmt::format("{}: {}", names, words));
    const std::string headroom = fmt::format("{:.0f} %", plan.demand.headroom * 100);
    const bool memory = std::all_of(used.begin(), used.end(),
                                    [](const Mapping& mapping) { return mapping.knows_memory(); });
    all.push_back(memory
                      ? fmt::format("{} of an instance's CPU time and of its memory stay free; the "
                                    "spare is beside that and serves nothing",
                                    headroom)
                      : fmt::format("{} of an instance's CPU time stays free; the spare is beside "
                                    "that and serves nothing; memory was not looked at for every "
                                    "model, as the results do not tell it",
                                    headroom));
    return all;
}

}  // namespace

CostPlan plan_costs(std::span<const MeasuredModel> models, const CapacityPlan& plan,
                    const PriceList& prices, Rng rng) {
    CostPlan costs;
    costs.prices = prices;
    std::vector<Mapping> used;
    for (std::size_t model = 0; model < models.size(); ++model) {
        if (!plan.models[model].meets) continue;
        const Mapping mapping(models[model], plan.models[model], plan.demand, rng.split(model));
        const std::string refused = mapping.refused();
        if (refused.empty()) used.push_back(mapping);
        for (std::size_t kind = 0; kind < prices.kinds.size(); ++kind) {
            auto option = refused.empty() ? mapping.on(prices.kinds[kind])
                                          : Result<CostOption>(Error{refused});
            if (!option) {
                costs.left_out.push_back({model, kind, option.error().message});
                continue;
            }
            option->model = model;
            option->kind = kind;
            costs.options.push_back(std::move(*option));
        }
    }
    // Of two that cost the same the one that may come to less comes first.
    const auto order = [](const CostOption& option) {
        const auto& interval = option.per_hour.interval;
        return std::pair(option.per_hour.value, interval ? interval->high : HUGE_VAL);
    };
    std::stable_sort(costs.options.begin(), costs.options.end(),
                     [&](const CostOption& a, const CostOption& b) { return order(a) < order(b); });
    costs.assumptions = assumptions_of(plan, used);
    if (costs.options.empty()) return costs;
    const auto& cheapest = costs.options.front().per_hour;
    const double most = cheapest.interval ? cheapest.interval->high : cheapest.value;
    costs.as_cheap = static_cast<std::size_t>(std::count_if(
        costs.options.begin() + 1, costs.options.end(), [&](const CostOption& option) {
            const auto& cost = option.per_hour;
            return (cost.interval ? cost.interval->low : cost.value) <= most;
        }));
    return costs;
}

Estimate per_month(const Estimate& per_hour) {
    return scaled(per_hour, kHoursPerMonth);
}

}  // namespace echotrio::loadgen
