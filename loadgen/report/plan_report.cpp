#include "loadgen/report/plan_report.hpp"

#include "common/base/units.hpp"
#include "loadgen/findings/metrics.hpp"
#include "loadgen/report/plan_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace echotrio::loadgen {
namespace {

std::string rate_text(const std::optional<MeasuredRate>& rate, const Demand& demand) {
    if (!rate) return "-";
    std::string text = fmt::format("{}/s at {}", format_count(rate->rate),
                                   format_plural(rate->connections, "connection"));
    if (demand.objective) {
        text += fmt::format(", p{:.6g} {}", demand.objective->quantile * 100,
                            format_value(rate->latency_us, Unit::microseconds));
    }
    return text;
}

std::string instances_text(const ModelPlan& m) {
    if (m.instances == 0) return "-";
    return count_with_interval(m.instances, m.instances_least, m.instances_most);
}

// "threads: p99 leaves 10ms between 25,500/s and 42,700/s ..."
std::string objective_sentence(const ModelPlan& m, const Demand& demand) {
    const Objective& objective = *demand.objective;
    const std::string what = fmt::format("p{:.6g}", objective.quantile * 100);
    const std::string limit = format_duration(objective.limit);
    const auto at = [&](const MeasuredRate& rate) {
        return fmt::format("{} requests/s ({}, {} {})", format_count(rate.rate),
                           format_plural(rate.connections, "connection"), what,
                           format_value(rate.latency_us, Unit::microseconds));
    };
    if (!m.last_pass) {
        return fmt::format("{}: {} was above {}, or not surely below, at every measured load",
                           m.model, what, limit);
    }
    if (!m.first_fail) {
        return fmt::format("{}: {} did not leave {} up to the most that was measured, {}", m.model,
                           what, limit, at(*m.last_pass));
    }
    if (m.first_fail->starved) {
        return fmt::format("{}: the most within {} is {}; of {} some never got a reply", m.model,
                           limit, at(*m.last_pass),
                           format_plural(m.first_fail->connections, "connection"));
    }
    if (m.first_fail->overloaded) {
        return fmt::format("{}: the most within {} is {}; it was overloaded at {}", m.model, limit,
                           at(*m.last_pass), at(*m.first_fail));
    }
    if (m.first_fail->rate > m.last_pass->rate) {
        return fmt::format("{}: {} leaves {} between {} and {}", m.model, what, limit,
                           at(*m.last_pass), at(*m.first_fail));
    }
    return fmt::format("{}: the most within {} is {}; more connections only wait longer: {}",
                       m.model, limit, at(*m.last_pass), at(*m.first_fail));
}

// "as long as alone", "1.4 times as long as alone"
std::string as_long_as_alone(double stretch) {
    constexpr double kSeen = 1.05;  // less is not a tenth more
    if (stretch < kSeen) return "as long as alone";
    return fmt::format("{} times as long as alone", format_short(std::round(stretch * 10) / 10));
}

// What waiting for each other adds, by the queueing formulas.
std::string queueing_sentence(const ModelPlan& m, const Demand& demand) {
    std::string text = fmt::format(
        "{}: {:.0f} % busy; were arrivals Poisson, a request would take {} with one queue for all "
        "instances",
        m.model, *m.utilization * 100, as_long_as_alone(*m.stretch));
    if (m.stretch_apart) {
        text += fmt::format(", {} with a queue each", as_long_as_alone(*m.stretch_apart));
    }
    if (m.queueing_tail_us) {
        text += fmt::format(", and chance alone would make p{:.6g} {}",
                            demand.objective->quantile * 100,
                            format_value(*m.queueing_tail_us, Unit::microseconds));
    }
    return text;
}

std::string memory_text(double bytes) {
    return format_value(bytes, Unit::bytes);
}

// "; memory: kernel included": what is true of the memory of all; nothing where none was measured.
std::string memory_words(const CapacityPlan& plan) {
    std::optional<KernelPart> least;
    for (const ModelPlan& m : plan.models) {
        if (!m.bytes_per_connection) continue;
        least = std::min(least.value_or(m.kernel), m.kernel);
    }
    return least ? fmt::format("; memory: {}", words_of(*least)) : std::string();
}

// What holds for several models is said once.
std::vector<std::pair<std::string, std::vector<std::string>>> texts_of(
    const CapacityPlan& plan, std::vector<std::string> ModelPlan::*of) {
    std::vector<std::pair<std::string, std::vector<std::string>>> texts;
    for (const ModelPlan& m : plan.models) {
        for (const std::string& text : m.*of) {
            auto same = std::find_if(texts.begin(), texts.end(),
                                     [&](const auto& known) { return known.first == text; });
            if (same == texts.end()) same = texts.insert(texts.end(), {text, {}});
            same->second.push_back(m.model);
        }
    }
    return texts;
}

Section answer_section(const CapacityPlan& plan) {
    Section section{"answer", fmt::format("For {}", demand_text(plan.demand)), {}};
    Card card;
    card.topic = "answer";
    card.value = plan.choice ? plan.models[*plan.choice].model : "none";
    card.sentence = answer_sentence(plan);
    card.mark = plan.choice ? Mark::best : Mark::invalid;
    for (const auto& [reason, models] : texts_of(plan, &ModelPlan::reasons)) {
        card.more.push_back(fmt::format("not {}: {}", fmt::join(models, ", "), reason));
    }
    section.blocks.emplace_back(Cards{{card}});

    Table table;
    table.caption = "What each model needs (95 % intervals in brackets)";
    table.columns = {{"model"},          {"instances", true},  {"because of", false, 2},
                     {"cores", true, 1}, {"machine", true, 1}, {"memory", true, 1},
                     {"busy", true, 3},  {"meets it"}};
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
        const ModelPlan& m = plan.models[i];
        const Mark mark = !m.meets           ? Mark::invalid
                          : plan.choice == i ? Mark::best
                          : m.notes.empty()  ? Mark::plain
                                             : Mark::flagged;
        table.rows.push_back({{m.model, mark},
                              {instances_text(m)},
                              {m.sized_by.empty() ? "-" : m.sized_by},
                              {with_interval(m.cores, format_count)},
                              {m.cores_upper ? format_count(*m.cores_upper) : "-"},
                              {with_interval(m.memory_bytes, memory_text)},
                              {m.utilization ? fmt::format("{:.0f} %", *m.utilization * 100) : "-"},
                              {m.meets ? "yes" : "no", mark}});
    }
    section.blocks.emplace_back(std::move(table));
    for (const ModelPlan& m : plan.models) {
        if (!m.stretch) continue;
        section.blocks.emplace_back(Paragraph{queueing_sentence(m, plan.demand), Mark::muted});
    }
    return section;
}

Section instance_section(const CapacityPlan& plan, const PlanSource& source) {
    Section section{"instance", "One instance, as measured", {}};
    Table table;
    const bool objective = plan.demand.objective.has_value();
    table.caption = objective
                        ? fmt::format(
                              "Highest rate under {}, both measured, over all repetitions "
                              "together",
                              format_objective(*plan.demand.objective))
                        : "Highest rate with every connection served (give --slo for an objective)";
    table.columns = {{"model"},
                     {objective ? "last pass" : "highest rate"},
                     {"requests/s", true, 1},
                     {"limited by", false, 3}};
    if (objective) table.columns.insert(table.columns.begin() + 2, {"first fail", false, 2});
    for (const ModelPlan& m : plan.models) {
        std::vector<TableCell> row{{m.model}, {rate_text(m.last_pass, plan.demand)}};
        if (objective) row.push_back({rate_text(m.first_fail, plan.demand)});
        row.push_back({with_interval(m.capacity_rps, format_count)});
        row.push_back({m.bottleneck.empty() ? "-" : m.bottleneck});
        table.rows.push_back(std::move(row));
    }
    section.blocks.emplace_back(std::move(table));
    if (!source.cpus.empty()) {
        section.blocks.emplace_back(Paragraph{"CPUs: " + source.cpus, Mark::muted});
    }
    for (const ModelPlan& m : plan.models) {
        if (!objective) break;
        section.blocks.emplace_back(Paragraph{objective_sentence(m, plan.demand)});
    }

    Table costs;
    costs.caption = fmt::format("What requests and connections cost{}", memory_words(plan));
    costs.columns = {{"model"},
                     {"cores per 100,000 requests/s", true},
                     {"machine", true, 3},
                     {"connections per GiB", true, 1},
                     {"bytes per connection", true, 2},
                     {"kernel's part", false, 2}};
    for (const ModelPlan& m : plan.models) {
        costs.rows.push_back(
            {{m.model},
             {with_interval(m.cores_per_100k, format_count)},
             {m.cores_per_100k_upper ? format_count(*m.cores_per_100k_upper) : "-"},
             {with_interval(m.connections_per_gib, format_count)},
             {with_interval(m.bytes_per_connection, format_count)},
             {m.bytes_per_connection ? source_of(m.kernel) : "-"}});
    }
    section.blocks.emplace_back(std::move(costs));
    section.blocks.emplace_back(Paragraph{
        "Cores are what the server's processes were charged; \"machine\" is all that the "
        "machine did but the client. Both are estimates: on loopback the kernel lets each end do "
        "part of the other's work (`make charging` measures how much).",
        Mark::muted});
    for (const auto& [note, models] : texts_of(plan, &ModelPlan::notes)) {
        section.blocks.emplace_back(
            Paragraph{fmt::format("{}: {}", fmt::join(models, ", "), note), Mark::flagged});
    }
    return section;
}

std::string parameter(double value, const std::optional<Bounds>& interval, bool at_bound) {
    if (at_bound) return "0 (at its bound)";
    return with_interval(Estimate{value, interval}, format_count);
}

std::string peak_text(const ScalingStudy& study) {
    const ScalingFit& fit = study.full;
    const auto n = fit.at.peak_n();
    if (fit.kappa_at_bound || !n) return "no peak resolved in the measured range";
    return fmt::format("{} at N = {}{}", format_count(fit.at.throughput(*n)), format_count(*n),
                       *n > kExtrapolation * fit.largest_n ? ", EXTRAPOLATED" : "");
}

Section scaling_section(const CapacityPlan& plan) {
    Section section{"scaling", "How throughput scales with requests in flight (N)", {}};
    Table table;
    table.caption = "X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), 95 % intervals";
    table.columns = {{"of"},
                     {"BIC prefers"},
                     {"sigma", true, 1},
                     {"kappa", true, 2},
                     {"lambda", true, 3},
                     {"peak"},
                     {"limit lambda/sigma", true, 4},
                     {"hold-out error", true, 3}};
    for (const ModelPlan& m : plan.models) {
        if (!m.scaling) continue;
        const ScalingStudy& s = *m.scaling;
        const auto limit = s.full.at.limit();
        table.rows.push_back(
            {{m.model},
             {name_of(s.preferred)},
             {parameter(s.full.at.sigma, s.full.sigma, s.full.sigma_at_bound)},
             {parameter(s.full.at.kappa, s.full.kappa, s.full.kappa_at_bound)},
             {with_interval(Estimate{s.full.at.lambda, s.full.lambda}, format_count)},
             {peak_text(s)},
             {limit ? format_count(*limit) : "-"},
             {s.holdout_error ? fmt::format("{:+.1f} %", *s.holdout_error * 100) : "-"}});
    }
    if (!table.rows.empty()) {
        section.blocks.emplace_back(std::move(table));
        section.blocks.emplace_back(Paragraph{
            "Hold-out: how far the fit without the largest N misses what was measured there. "
            "Beyond 1.25 x the largest measured N a prediction is EXTRAPOLATED.",
            Mark::muted});
    }
    for (const ModelPlan& m : plan.models) {
        if (m.scaling) continue;
        section.blocks.emplace_back(
            Paragraph{fmt::format("{}: {}", m.model, m.scaling_refused), Mark::muted});
    }
    return section;
}

}  // namespace

std::string demand_text(const Demand& d) {
    std::vector<std::string> parts;
    if (d.rate > 0) parts.push_back(fmt::format("{} requests/s", format_count(d.rate)));
    if (d.connections > 0) {
        parts.push_back(format_plural(d.connections, "connection"));
    }
    if (d.objective) parts.push_back(format_objective(*d.objective));
    if (d.memory_bytes) {
        parts.push_back(fmt::format("at most {} of memory", memory_text(*d.memory_bytes)));
    }
    if (d.cores)
        parts.push_back(
            fmt::format("at most {} core{}", format_short(*d.cores), *d.cores == 1 ? "" : "s"));
    return fmt::format("{}, {:.0f} % headroom", fmt::join(parts, ", "), d.headroom * 100);
}

std::string answer_sentence(const CapacityPlan& plan) {
    if (!plan.choice) {
        return "no model meets it, for the reasons below; more measurements or a smaller demand "
               "are the ways out";
    }
    const ModelPlan& m = plan.models[*plan.choice];
    std::string text = fmt::format("{}: {} instance{} (because of {})", m.model, instances_text(m),
                                   m.instances == 1 ? "" : "s", m.sized_by);
    if (m.instances == 1 && m.instances_most.value_or(1) == 1)
        text = fmt::format("{}: one instance is enough", m.model);
    if (m.cores) {
        const double least = std::ceil(m.cores->value);
        const double most = std::max(least, std::ceil(m.cores_upper.value_or(0)));
        text += fmt::format(", {:.0f}{} core{} (estimated from CPU time: {}{})", least,
                            most > least ? fmt::format(" to {:.0f}", most) : "",
                            most > 1 ? "s" : "", with_interval(m.cores, format_count),
                            m.cores_upper
                                ? fmt::format(", {} with all that the machine did but the client",
                                              format_count(*m.cores_upper))
                                : "");
    }
    if (m.memory_bytes) {
        text += fmt::format(", {} of memory", with_interval(m.memory_bytes, memory_text));
    }
    std::vector<std::string> others;
    for (std::size_t i = 0; i < plan.models.size(); ++i) {
        if (i != *plan.choice && plan.models[i].meets) others.push_back(plan.models[i].model);
    }
    if (!others.empty()) {
        text += fmt::format("; {} would do too, for more", fmt::join(others, " and "));
    }
    return text;
}

std::vector<Section> plan_sections(const CapacityPlan& plan, const PlanSource& source) {
    std::vector<Section> sections;
    if (plan.demand.asks_for_something()) sections.push_back(answer_section(plan));
    // n and x alone know neither latencies nor costs.
    if (!source.workload.empty()) sections.push_back(instance_section(plan, source));
    sections.push_back(scaling_section(plan));
    return sections;
}

Document plan_document(const CapacityPlan& plan, const PlanSource& source) {
    Document document;
    document.title = "Capacity plan";
    document.subtitle.push_back(
        source.workload.empty()
            ? fmt::format("from {}", source.file)
            : fmt::format("from {}, workload {}", source.file, source.workload));
    if (!source.others.empty()) {
        document.subtitle.push_back(
            fmt::format("other workloads (--workload): {}", fmt::join(source.others, ", ")));
    }
    document.sections = plan_sections(plan, source);
    return document;
}

}  // namespace echotrio::loadgen
