// How it was measured: the machine, the order, the commands that repeat it, and what was not
// counted. A reader who doubts a figure starts here.
#include "loadgen/analysis/verdict.hpp"
#include "loadgen/models/models.hpp"
#include "loadgen/report/columns.hpp"
#include "loadgen/report/comparison_document.hpp"
#include "loadgen/report/prediction_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>

namespace echotrio::loadgen {
namespace {

constexpr double kLatest = 9e9;  // seconds since 1970, for a file that says anything

using Json = nlohmann::ordered_json;

std::string plain(const Json& value) {
    if (value.is_null()) return "not known";
    return value.is_string() ? value.get<std::string>() : value.dump();
}

Section environment_section(const Experiment& experiment) {
    Table table;
    table.columns = {{"", false, 0}, {"", false, 0}};
    for (const auto& [key, value] : experiment.environment.items()) {
        std::string name = key;
        std::replace(name.begin(), name.end(), '_', ' ');
        table.rows.push_back({{std::move(name)}, {plain(value)}});
    }
    Section section{"environment", "The machine", {}, true};
    section.short_title = "Machine";
    if (!table.rows.empty()) section.blocks.push_back(std::move(table));
    return section;
}

// The CPUs by their numbers; servers that ran already were not pinned.
std::string pinned_words(const Trial& trial) {
    const std::string server = trial.server_cpus.empty()
                                   ? "not pinned by us"
                                   : fmt::format("{}", fmt::join(trial.server_cpus, ","));
    return fmt::format("server {}; generator {}", server, fmt::join(trial.generator_cpus, ","));
}

// The commands of each model's first trial at each level: enough to repeat any of them by hand.
Section commands_section(const Digest& digest) {
    Table table;
    table.columns = {{"workload", false, 0}, {"connections", true, 0}, {"model", false, 0},
                     {"server", false, 0},   {"generator", false, 0},  {"CPUs", false, 0}};
    for (const Cell& cell : digest.cells) {
        const Trial& trial = *cell.trials.front();
        if (trial.generator_command.empty()) continue;
        table.rows.push_back({{cell.level.workload},
                              {format_exact_count(cell.level.connections)},
                              {cell.variant},
                              {fmt::format("{}", fmt::join(trial.server_command, " "))},
                              {fmt::format("{}", fmt::join(trial.generator_command, " "))},
                              {pinned_words(trial)}});
    }
    Section section{"commands", "Commands that repeat a trial", {}, true};
    section.short_title = "Commands";
    section.folded = true;
    if (!table.rows.empty()) section.blocks.push_back(std::move(table));
    return section;
}

Section checks_section(const Experiment& experiment) {
    Table checks;
    checks.columns = {{"check", false, 0},
                      {"INVALID when", false, 0},
                      {"flagged when", false, 0},
                      {"INVALID trials", true, 0},
                      {"flagged trials", true, 0}};
    for (const CheckRow& row : verdict_table()) {
        std::size_t invalid = 0, flagged = 0;
        for (const Trial& trial : experiment.trials) {
            const auto has = [&](const std::vector<Finding>& list) {
                return std::any_of(list.begin(), list.end(),
                                   [&](const Finding& f) { return f.check == row.check; });
            };
            invalid += has(trial.result.verdict.reasons) ? 1 : 0;
            flagged += has(trial.result.verdict.flags) ? 1 : 0;
        }
        checks.rows.push_back(
            {{row.check},
             {row.invalid},
             {row.flag},
             {format_exact_count(invalid), invalid > 0 ? Mark::invalid : Mark::plain},
             {format_exact_count(flagged), flagged > 0 ? Mark::flagged : Mark::plain}});
    }
    Section section{"checks", "Validity checks and their outcome", {}, true};
    section.short_title = "Checks";
    section.blocks.push_back(std::move(checks));
    return section;
}

// Trials that are shown but not counted, each with its reason.
Section excluded_section(const Experiment& experiment) {
    std::vector<Level> levels;
    for (const Trial& trial : experiment.trials) {
        if (!trial.counts()) levels.push_back(trial.point.level);
    }
    const bool rates = any_rate(levels);
    Table table;
    table.columns = {{"workload", false, 0},  {"connections", true, 0},
                     {"CPUs", false, 0},      {"model", false, 0},
                     {"repetition", true, 0}, {"attempt", true, 0},
                     {"requests/s", true, 0}, {"why it does not count", false, 0}};
    constexpr int kRate = 2;  // behind the connections
    if (rates) table.columns.insert(table.columns.begin() + kRate, Column{"rate", true, 0});
    for (const Trial& trial : experiment.trials) {
        if (trial.counts()) continue;
        std::vector<std::string> reasons;
        reasons.reserve(trial.result.verdict.reasons.size() + 1);
        for (const Finding& reason : trial.result.verdict.reasons) {
            reasons.push_back(fmt::format("{}: {}", reason.check, reason.what));
        }
        if (trial.superseded && trial.result.verdict.valid) {
            reasons.push_back(
                fmt::format("the host took {} % of the CPU time",
                            format_short(trial.result.machine.steal_share.value_or(0) * 100)));
        }
        if (trial.superseded) reasons.emplace_back("repeated");
        table.rows.push_back({{trial.point.level.workload},
                              {format_exact_count(trial.point.level.connections)},
                              {cpus_short(trial.cpus())},
                              {trial.point.variant},
                              {fmt::format("{}", trial.point.repetition)},
                              {fmt::format("{}", trial.attempt)},
                              {format_count(trial.result.throughput_rps)},
                              {fmt::format("{}", fmt::join(reasons, "; ")), Mark::invalid}});
        auto& row = table.rows.back();
        if (rates) row.insert(row.begin() + kRate, rate_cell(trial.point.level));
    }
    Section section{"excluded", "Trials that do not count", {}, true};
    section.short_title = "Not counted";
    section.folded = table.rows.size() > 10;
    if (table.rows.empty()) {
        section.blocks.push_back(Paragraph{"None: every trial was valid."});
    } else {
        section.blocks.push_back(std::move(table));
    }
    return section;
}

// What this process may use of the machine; empty: not looked at.
std::string allowance_words(const Json& environment) {
    const auto number = [&](const char* key) {
        const auto found = environment.find(key);
        const bool known = found != environment.end() && found->is_number();
        return known ? std::optional(found->get<double>()) : std::nullopt;
    };
    const auto usable = environment.find("cpus_usable");
    const bool looked_at = environment.find("cpu_quota") != environment.end();
    if (usable == environment.end() || !usable->is_array() || !looked_at) return {};
    std::string text = format_plural(usable->size(), "CPU") + " to use, ";
    const auto quota = number("cpu_quota"), ratio = number("two_cpus_at_once");
    text += quota ? fmt::format("quota {}", format_short(*quota)) : "no quota known";
    if (ratio && number("two_cpus_others").value_or(0) <= limits::kTwoCpusOthers) {
        text += fmt::format("; two at once do {} times the work of one", format_short(*ratio));
    }
    return text;
}

// "three concurrency models, one service", or the servers that were compared, by name.
std::string compared_words(const Digest& digest) {
    const auto is_one = [](const Variant& variant) {
        const auto names = model_names();
        if (variant.only_many_cpus) return true;  // of one of them
        return std::find(names.begin(), names.end(), variant.label) != names.end();
    };
    const auto& variants = digest.plan.variants;
    const auto whole = std::count_if(variants.begin(), variants.end(),
                                     [](const Variant& v) { return !v.only_many_cpus; });
    if (whole == std::ssize(model_names()) &&
        std::all_of(variants.begin(), variants.end(), is_one)) {
        return "three concurrency models, one service";
    }
    constexpr std::size_t kNamed = 4;
    if (digest.variants.empty() || digest.variants.size() > kNamed) {
        return format_plural(digest.variants.size(), "server") + " compared";
    }
    std::string text = digest.variants.front();
    for (std::size_t i = 1; i < digest.variants.size(); ++i) {
        text += (i + 1 < digest.variants.size() ? ", " : " and ") + digest.variants[i];
    }
    return text;
}

}  // namespace

std::vector<Section> note_sections(const Digest& digest) {
    struct Note {
        const Finding* finding = nullptr;
        std::size_t trials = 0;
    };
    std::map<std::pair<bool, std::string>, Note> notes;  // INVALID first
    for (const Cell& cell : digest.cells) {
        for (const bool invalid : {true, false}) {
            for (const auto& [finding, trials] : invalid ? cell.reasons : cell.flags) {
                Note& note = notes[{!invalid, finding.check + finding.advice}];
                if (note.finding == nullptr) note.finding = &finding;
                note.trials += trials;
            }
        }
    }
    if (notes.empty()) return {};
    Section section{"notes", "Doubts, and what to do about them", {}};
    section.short_title = "Doubts";
    for (const auto& [key, note] : notes) {
        const bool invalid = !key.first;
        section.blocks.push_back(Paragraph{
            fmt::format("{}{}, {} trial{}{}; {}", invalid ? "INVALID " : "!", note.finding->check,
                        note.trials, note.trials == 1 ? ": " : "s, as: ", note.finding->what,
                        note.finding->advice),
            invalid ? Mark::invalid : Mark::muted});
    }
    return {std::move(section)};
}

std::vector<Section> method_sections(const Experiment& experiment, const Digest& digest) {
    Section how{"method", "How it was measured", {}, true};
    how.short_title = "Method";
    how.blocks.push_back(Paragraph{fmt::format(
        "{}; within a level the models follow each other in "
        "balanced random order (seed {}), so that they meet the machine in the same state. Figures "
        "are medians of the repetitions, the range beside them; ratios carry 95 % intervals over "
        "repetitions. Latency counts from the intended start of a request.",
        digest.plan.fresh_servers ? "Every trial has a freshly started server"
                                  : "The servers ran already, the same for all trials",
        experiment.seed)});
    if (!experiment.command_line.empty()) {
        how.blocks.push_back(
            Paragraph{fmt::format("To repeat the experiment: {}", experiment.command_line)});
    }
    std::vector<Section> sections;
    sections.push_back(std::move(how));
    sections.push_back(environment_section(experiment));
    sections.push_back(checks_section(experiment));
    sections.push_back(excluded_section(experiment));
    sections.push_back(commands_section(digest));
    return sections;
}

// "5 repetitions"; "2 to 9" where some levels had more.
std::string rounds_text(const Experiment& experiment) {
    std::map<Level, std::uint64_t> rounds;
    for (const Trial& trial : experiment.trials) {
        std::uint64_t& last = rounds[trial.point.level];
        last = std::max(last, trial.point.repetition);
    }
    std::uint64_t most = 0;
    for (const auto& [level, last] : rounds) most = std::max(most, last);
    std::uint64_t least = most;
    for (const auto& [level, last] : rounds) least = std::min(least, last);
    return (least < most ? fmt::format("{} to ", least) : "") + format_plural(most, "repetition");
}

std::vector<std::string> summary_lines(const Experiment& experiment) {
    const auto environment = [&](const char* key) {
        const auto found = experiment.environment.find(key);
        return found == experiment.environment.end() ? "not known" : plain(*found);
    };
    std::vector<std::string> lines;
    std::size_t counted = 0;
    for (const Trial& trial : experiment.trials) counted += trial.counts() ? 1 : 0;
    lines.push_back(fmt::format("{}, {} CPUs, {}; {:%Y-%m-%d %H:%M} UTC", environment("cpu_model"),
                                environment("cpus_online"), environment("kernel"),
                                fmt::gmtime(static_cast<std::time_t>(
                                    std::clamp(experiment.started_unix_s, 0.0, kLatest)))));
    lines.push_back(
        fmt::format("{}, {} of them in the figures; medians of {}, seed {}{}",
                    format_plural(experiment.trials.size(), "trial"), format_exact_count(counted),
                    rounds_text(experiment), experiment.seed,
                    experiment.complete ? "" : "; INTERRUPTED, not all trials were made"));
    if (std::string words = allowance_words(experiment.environment); !words.empty()) {
        lines.push_back(std::move(words));
    }
    return lines;
}

Document comparison_document(const Experiment& experiment, const Digest& digest,
                             const Companions& beside) {
    Document document;
    document.title = "echotrio: " + compared_words(digest);
    document.tints = tints_of(digest.variants);
    document.subtitle = summary_lines(experiment);
    const char* group = "";  // of the menu
    const auto add = [&](std::vector<Section> sections) {
        for (Section& section : sections) {
            section.group = group;
            document.sections.push_back(std::move(section));
        }
    };
    const auto add_charts = [&](const char* id, const char* title, const char* short_title,
                                std::vector<Chart> charts) {
        if (charts.empty()) return;
        Section section{id, title, {}, true};
        section.short_title = short_title;
        section.group = group;
        for (Chart& chart : charts) section.blocks.push_back(std::move(chart));
        document.sections.push_back(std::move(section));
    };
    group = "Findings";
    add({story_section(digest)});
    group = "Plan";
    add(capacity_sections(experiment, digest, beside.plan));
    group = "Claims";
    if (beside.claims) add(claims_sections(*beside.claims));
    const bool told = beside.claims && beside.claims->prediction;  // with the claims
    if (beside.prediction && !told) add({prediction_section(*beside.prediction)});
    group = "Findings";
    add_charts("ratios-section", "Ratios", "Ratios", ratio_charts(digest));
    group = "Workloads";
    add(workload_sections(digest, beside.plan ? beside.plan->demand.objective : std::nullopt));
    group = "Memory and CPU";
    add(memory_sections(digest));
    add(server_sections(digest));
    add_charts("costs", "What a request costs", "Costs", cost_charts(digest));
    add_charts("waits-section", "Waits", "Waits", wait_charts(digest));
    group = "Workloads";
    add_charts("timelines", "Time lines", "Time lines", timeline_charts(digest));
    add(status_sections(digest));
    group = "Method";
    add(cross_check_sections(experiment));
    add(note_sections(digest));
    add_charts("generator", "The generator", "Generator", generator_charts(experiment));
    add(method_sections(experiment, digest));
    return document;
}

}  // namespace echotrio::loadgen
