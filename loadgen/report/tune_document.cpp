// What `loadgen tune` found, for people: the answer, the curve, the rules of thumb, the limits, and
// how it was searched.
#include "common/base/units.hpp"
#include "loadgen/design/settings.hpp"
#include "loadgen/report/tune_report.hpp"
#include "loadgen/report/tune_words.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace echotrio::loadgen {
namespace {

std::string whole(double count) {
    return format_exact_count(static_cast<std::uint64_t>(std::llround(count)));
}

std::string value_or_dash(const std::optional<double>& value, Unit unit) {
    return value ? format_value(*value, unit) : "-";
}

std::string ratio_words(const TunedFigure& ratio) {
    std::string text = fmt::format("{:.2f}", ratio.value);
    if (ratio.low && ratio.high) {
        text += fmt::format(" ({:.2f} to {:.2f})", *ratio.low, *ratio.high);
    }
    return text;
}

std::string percentile_name(const Tuning& tuning) {
    return fmt::format("p{:.6g}", tuning.objective_quantile * 100);
}

// The name of the objective's percentile would be there twice.
bool has_own_percentile(const Tuning& tuning) {
    return std::abs(tuning.objective_quantile - 0.99) > 1e-9;
}

Section answer_section(const Tuning& tuning) {
    Section section{"answer", "Answer", {}};
    section.last_on_console = true;
    Card card;
    card.topic = tuning.subject;
    if (!tuning.best) {
        card.value = "no setting";
        card.mark = Mark::invalid;
        card.sentence = answer_sentence(tuning);
    } else {
        const TunedSetting& best = tuning.settings[*tuning.best];
        card.value = words_of(tuning.axes, best.setting);
        card.mark = Mark::best;
        card.sentence = what_it_does(tuning, best);
        if (tuning.highest && *tuning.highest != *tuning.best) {
            const TunedSetting& highest = tuning.settings[*tuning.highest];
            card.more.push_back(
                fmt::format("{} had the highest rate, {}; this one is smaller and does {}",
                            words_of(tuning.axes, highest.setting), rate_words(highest),
                            best.to_best ? ratio_words(*best.to_best) + " of it"
                                         : "as much, as far as one look tells"));
        }
    }
    section.blocks.emplace_back(Cards{{std::move(card)}});
    if (!tuning.complete) {
        section.blocks.emplace_back(
            Paragraph{fmt::format("! {}: {}", tuning.stopped,
                                  tuning.rounds > 0
                                      ? "more rounds would narrow the intervals"
                                      : "this is what the search saw once, without a comparison; "
                                        "a longer --budget compares"),
                      Mark::flagged});
    }
    return section;
}

std::string note_on(const Tuning& tuning, std::size_t i) {
    const TunedSetting& one = tuning.settings[i];
    std::vector<std::string> notes;
    if (tuning.best == i) notes.emplace_back("best");
    if (tuning.highest == i && tuning.best != i) notes.emplace_back("highest");
    const auto missed = std::count(one.rounds.begin(), one.rounds.end(), 0.0);
    if (missed > 0)
        notes.push_back(fmt::format("missed in {} of {} rounds", missed, one.rounds.size()));
    if (!(one.rate.value > 0)) {
        notes.push_back(one.why);
    } else {
        if (!one.limited_by.empty()) notes.push_back(at_least_words(one));
        if (!one.above.empty()) notes.push_back(one.above);
    }
    return fmt::format("{}", fmt::join(notes, "; "));
}

Table curve_table(const Tuning& tuning) {
    Table table;
    table.caption =
        "Every setting that was tried. Rate: the highest that met the objective, with "
        "its 95 % interval where it was compared; the other figures are of that rate.";
    for (const TunedAxis& axis : tuning.axes) table.columns.push_back({axis.name, axis.ordered});
    table.columns.push_back({"rate /s", true});
    table.columns.push_back({"95 % interval", true, 1});
    table.columns.push_back({"of the highest", true, 2});
    table.columns.push_back({percentile_name(tuning), true});
    if (has_own_percentile(tuning)) table.columns.push_back({"p99", true, 2});
    table.columns.push_back({"memory", true});
    table.columns.push_back({"CPUs used", true, 1});
    table.columns.push_back({"CPU/request", true, 3});
    table.columns.push_back({"", false});
    for (std::size_t i = 0; i < tuning.settings.size(); ++i) {
        const TunedSetting& one = tuning.settings[i];
        const bool best = tuning.best == i;
        std::vector<TableCell> row;
        row.reserve(table.columns.size());
        for (std::size_t k = 0; k < tuning.axes.size(); ++k) {
            row.push_back({tuning.axes[k].values[one.setting[k]], best ? Mark::best : Mark::plain});
        }
        const bool known = one.rate.value > 0;
        row.push_back({known ? rate_text(one.rate.value) : "-", best ? Mark::best : Mark::plain});
        row.push_back({one.rate.low ? fmt::format("{} to {}", rate_text(*one.rate.low),
                                                  rate_text(*one.rate.high))
                                    : "seen once",
                       one.rate.low ? Mark::plain : Mark::muted});
        if (!known) row.back() = {"-", Mark::muted};
        row.push_back({one.to_best ? fmt::format("{:.2f}", one.to_best->value) : "-"});
        row.push_back({value_or_dash(one.objective_us, Unit::microseconds)});
        if (has_own_percentile(tuning)) {
            row.push_back({value_or_dash(one.p99_us, Unit::microseconds)});
        }
        row.push_back({value_or_dash(one.memory_bytes, Unit::bytes)});
        row.push_back({value_or_dash(one.cpus_used, Unit::count)});
        row.push_back({value_or_dash(one.cpu_us_per_request, Unit::microseconds)});
        row.push_back({note_on(tuning, i), known ? Mark::plain : Mark::flagged});
        table.rows.push_back(std::move(row));
    }
    return table;
}

// Along one axis, the others as in the best setting.
void add_charts(Section& section, const Tuning& tuning, std::size_t axis) {
    const Setting& base = tuning.settings[tuning.best ? *tuning.best : 0].setting;
    Axis x{tuning.axes[axis].name, false, "", {}};
    if (!tuning.axes[axis].ordered) x.labels = tuning.axes[axis].values;
    std::string others;
    for (std::size_t i = 0; i < tuning.axes.size(); ++i) {
        if (i == axis) continue;
        others += fmt::format("{}{} {}", others.empty() ? " at " : ", ", tuning.axes[i].name,
                              tuning.axes[i].values[base[i]]);
    }
    const auto add = [&](const char* id, const std::string& title, const std::string& caption,
                         const char* unit, auto point, std::optional<double> limit,
                         const std::string& limit_name) {
        Chart chart;
        chart.id = fmt::format("tune-{}-{}", id, axis);
        chart.title = title + " against " + tuning.axes[axis].name + others;
        chart.caption = caption;
        chart.x = x;
        chart.y = {title, false, unit, {}};
        chart.reference = limit;
        chart.reference_name = limit_name;
        Series series{title, tuning.subject, {}};
        for (const TunedSetting& one : tuning.settings) {
            bool on_line = true;
            for (std::size_t i = 0; i < base.size(); ++i) {
                on_line = on_line && (i == axis || one.setting[i] == base[i]);
            }
            std::optional<ChartPoint> p = on_line ? point(one) : std::nullopt;
            if (!p) continue;
            const std::size_t place = one.setting[axis];
            p->x = tuning.axes[axis].ordered ? std::stod(tuning.axes[axis].values[place])
                                             : static_cast<double>(place);
            series.points.push_back(*p);
        }
        if (series.points.size() < 2) return;
        chart.series.push_back(std::move(series));
        section.blocks.emplace_back(std::move(chart));
    };
    add(
        "rate", "Highest rate",
        "Requests/s at which the objective was still met; bars: 95 % "
        "intervals, of what was compared.",
        "1/s",
        [](const TunedSetting& one) {
            return std::optional(ChartPoint{.x = 0,
                                            .y = one.rate.value,
                                            .low = one.rate.low,
                                            .high = one.rate.high,
                                            .invalid = one.unfit != Unfit::no,
                                            .note = one.unfit == Unfit::no ? "" : one.why});
        },
        {}, "");
    const auto plain = [](std::optional<double> TunedSetting::*figure) {
        return [figure](const TunedSetting& one) {
            return one.*figure ? std::optional(ChartPoint{.x = 0, .y = *(one.*figure)})
                               : std::nullopt;
        };
    };
    add("latency", percentile_name(tuning), "At the highest rate of each.", "us",
        plain(&TunedSetting::objective_us), tuning.objective_us, tuning.objective);
    add("memory", "Memory", "The most that it was seen to have.", "bytes",
        plain(&TunedSetting::memory_bytes), tuning.memory_limit, "limit");
}

Section curve_section(const Tuning& tuning) {
    Section section{"curve", "The settings that were tried", {}};
    if (tuning.settings.empty()) return section;
    section.blocks.emplace_back(curve_table(tuning));
    for (std::size_t axis = 0; axis < tuning.axes.size(); ++axis) {
        add_charts(section, tuning, axis);
    }
    return section;
}

Section rules_section(const Tuning& tuning) {
    Section section{"rules", "What rules of thumb say", {}};
    if (!tuning.rule_axis) {
        section.blocks.emplace_back(
            Paragraph{"None: they speak of workers, and no axis is called that.", Mark::muted});
        return section;
    }
    Table table;
    table.columns = {{"rule"},
                     {"n"},
                     {tuning.axes[*tuning.rule_axis].name, true},
                     {"rate /s", true},
                     {"of the highest", true, 1},
                     {"memory", true, 1},
                     {""}};
    for (const RuleOfThumb& rule : tuning.rules) {
        const TunedSetting* one = rule.setting ? find_setting(tuning, *rule.setting) : nullptr;
        std::string note;
        if (!rule.place) {
            note = "not among the values of --vary";
        } else if (one == nullptr) {
            note = "not measured";
        } else if (one->unfit != Unfit::no) {
            note = one->why;
        }
        const bool known = one != nullptr && one->rate.value > 0;
        table.rows.push_back(
            {{rule.rule},
             {fmt::format("{} {}", cpus_text(rule.cpus), rule.cpus_are)},
             {fmt::format("{}", rule.workers)},
             {known ? rate_words(*one) : "-"},
             {one != nullptr && one->to_best ? ratio_words(*one->to_best) : "-"},
             {one != nullptr ? value_or_dash(one->memory_bytes, Unit::bytes) : "-"},
             {note, note.empty() ? Mark::plain : Mark::flagged}});
    }
    section.blocks.emplace_back(std::move(table));
    return section;
}

Section limits_section(const Tuning& tuning) {
    Section section{"limits", "Limits", {}};
    const auto say = [&](std::string text, Mark mark = Mark::plain) {
        section.blocks.emplace_back(Paragraph{std::move(text), mark});
    };
    say("CPUs: " + cpus_words(tuning.cpus_had));
    if (tuning.cpu_limit) {
        say(fmt::format(
            "--cpus {}: the server is pinned to {}, and a rate at which it uses more than {} "
            "CPU-seconds a second does not count.",
            format_short(*tuning.cpu_limit), cpus_text(std::ceil(*tuning.cpu_limit)),
            format_short(*tuning.cpu_limit)));
    }
    if (tuning.memory_limit) {
        say(fmt::format("Memory: {} ({}); a setting that was seen with more is out.",
                        format_value(*tuning.memory_limit, Unit::bytes), tuning.memory_limit_from));
    }
    if (tuning.cpu_quota) {
        say(fmt::format("Its control group may use {} of time a second; this machine has {}.",
                        cpus_text(*tuning.cpu_quota), format_plural(tuning.machine_cpus, "CPU")));
    } else {
        say("No CPU quota of a control group is in force.", Mark::muted);
    }
    if (tuning.quota_is_shared) {
        say("! The generator uses the same quota: what it takes the server does not get, and the "
            "rates "
            "are a lower bound. Put the generator outside of the limit.",
            Mark::flagged);
    }
    if (tuning.throttled && tuning.throttled->throttled_periods > 0) {
        say(fmt::format("! At the best setting's highest rates the control group (version {}) was "
                        "held back in {} of {} periods, {:.2f} s in all: requests that wait for "
                        "the next period are in the latencies.",
                        tuning.throttled->version, tuning.throttled->throttled_periods,
                        tuning.throttled->periods, tuning.throttled->throttled_s),
            Mark::flagged);
    }
    return section;
}

Section search_section(const Tuning& tuning) {
    Section section{"search", "How it was searched", {}};
    const double all = tuning.grid * static_cast<double>(std::max<std::uint64_t>(tuning.rounds, 1));
    section.blocks.emplace_back(Paragraph{fmt::format(
        "{} of {} settings were tried, in {} measurements and {} trials, {:.0f} s; all settings in "
        "as many rounds would have been {} measurements.",
        tuning.settings.size(), whole(tuning.grid), tuning.measurements, tuning.trials.size(),
        tuning.spent_s, whole(all))});
    std::string how = fmt::format(
        "Search: numbers by doubling until two steps in a row bring less than 5 % or one does not "
        "fit, then by halving above a lone highest, below the plateau and in a wide gap at its "
        "beginning; words one by one{}. It takes for granted that the rate rises to one peak or "
        "plateau.",
        tuning.axes.size() > 1 ? "; one axis at a time, until none changes" : "");
    if (tuning.rounds > 0) {
        how += fmt::format(
            " Then the best few and the rules of thumb were compared in {}, which "
            "alone count for them; in a round all met the same arrivals.",
            format_plural(tuning.rounds, "round"));
    }
    section.blocks.emplace_back(Paragraph{std::move(how)});
    section.blocks.emplace_back(Paragraph{"It stopped: " + tuning.stopped + "."});
    const auto not_judged = std::count_if(
        tuning.trials.begin(), tuning.trials.end(),
        [](const TuneTrial& trial) { return trial.outcome == RateResult::not_judged; });
    const auto busy =
        std::count_if(tuning.trials.begin(), tuning.trials.end(), [](const TuneTrial& trial) {
            return std::any_of(trial.run.verdict.flags.begin(), trial.run.verdict.flags.end(),
                               [](const Finding& flag) { return flag.check == "machine"; });
        });
    if (not_judged > 0) {
        section.blocks.emplace_back(Paragraph{
            fmt::format("! {} of {} trials could not be judged (INVALID, not by the server); each "
                        "was tried up to three times.",
                        not_judged, tuning.trials.size()),
            Mark::flagged});
    }
    if (busy > 0) {
        section.blocks.emplace_back(
            Paragraph{fmt::format("! In {} of {} trials the verdict flags the machine (other "
                                  "programs, stolen time ...): see \"trials\" in the JSON.",
                                  busy, tuning.trials.size()),
                      Mark::flagged});
    }
    section.blocks.emplace_back(Paragraph{"Load: " + tuning.load + "."});
    const double objective_s = tuning.objective_us / 1e6;
    if (tuning.window_s < kFewestObjectives * objective_s - 1e-9) {
        section.blocks.emplace_back(Paragraph{
            fmt::format("! A window of {} is short for {}: too high a rate shows as a "
                        "queue that grows beyond that, and one a little too high may not do so in "
                        "this time. At least {} times the objective: -d {}s.",
                        human_seconds(tuning.window_s), tuning.objective, kFewestObjectives,
                        std::ceil(kFewestObjectives * objective_s)),
            Mark::flagged});
    }
    return section;
}

}  // namespace

Document tune_document(const Tuning& tuning) {
    Document document;
    document.title = fmt::format("Tuning {}", tuning.subject);
    document.subtitle = {tuning.command, "the highest rate that meets " + bounds_text(tuning)};
    document.tints = tints_of({tuning.subject});
    document.sections = {answer_section(tuning), curve_section(tuning), rules_section(tuning),
                         limits_section(tuning), search_section(tuning)};
    return document;
}

}  // namespace echotrio::loadgen
