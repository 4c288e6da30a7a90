#include "loadgen/report/comparison_csv.hpp"

#include "loadgen/findings/metrics.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace echotrio::loadgen {
namespace {

std::string quoted(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

std::string checks(const std::vector<Finding>& findings) {
    std::vector<std::string> names;
    names.reserve(findings.size());
    for (const Finding& finding : findings) names.push_back(finding.check);
    return fmt::format("{}", fmt::join(names, " "));
}

// Ten significant digits, for programs: without an exponent, which spreadsheets show as it is.
std::string decimal(double value) {
    std::string text = fmt::format("{:.10g}", value);
    if (text.find('e') == std::string::npos) return text;
    if (std::abs(value) > 1) return fmt::format("{:.0f}", value);
    text = fmt::format("{:.15f}", value);
    return text.substr(0, text.find_last_not_of('0') + 1);
}

// Header and row are filled by the same calls, so that they can't drift apart.
class Row {
  public:
    explicit Row(std::vector<std::string>* header) : header_(header) {}

    void text(std::string_view name, std::string_view value) {
        if (header_ != nullptr) header_->emplace_back(name);
        fields_.push_back(quoted(value));
    }
    // Blank where it is not known.
    template <Numeric T>
    void figure(std::string_view name, const T& value) {
        using Number = typename KnownNumber<T>::Type;
        const std::optional<Number> known = value;
        if (!known) return text(name, "");
        if constexpr (std::is_floating_point_v<Number>) {
            text(name, decimal(*known));
        } else {
            text(name, fmt::format("{:d}", *known));
        }
    }

    std::string line() const { return fmt::format("{}\n", fmt::join(fields_, ",")); }

  private:
    std::vector<std::string>* header_;
    std::vector<std::string> fields_;
};

// A column for every figure of a result, named by its way from the top: server.cpu_s is
// server_cpu_s, latency_us.p50 is latency_p50_us. What is a list, a text or a map has none.
struct Columns {
    Row& row;
    std::string prefix{}, unit{};
    bool known = true;  // false: blanks, of a part that this trial lacks

    template <class T>
    void operator()(const char* key, Kind, const T& value) {
        if constexpr (Numeric<T>) {
            const bool count = std::is_integral_v<typename KnownNumber<T>::Type>;
            std::string name = prefix + key + (count ? "" : unit);
            if (name == "connections_fairness") name = "fairness";
            if (known) {
                row.figure(name, value);
            } else {
                row.text(name, "");
            }
        } else if constexpr (Listed<T>) {
            add(key, value, known);
        }
    }
    template <Listed T>
    void operator()(const char* key, Kind, const std::optional<T>& value) {
        add(key, value.value_or(T{}), known && value);
    }
    void operator()(const char*, Kind, const Verdict&) {}  // at the front of the row
    void operator()(const char* key, Kind, const Accounting& books) {
        Columns inner{row, std::string_view(key) == "accounting" ? "" : "total_"};
        fields(inner, Tag<Accounting>{}, books);
    }

  private:
    template <class T>
    void add(std::string_view key, const T& value, bool is_known) {
        const bool micros = key.ends_with("_us");
        if (micros) key.remove_suffix(3);
        Columns inner{row, fmt::format("{}{}_", prefix, key), micros ? "_us" : "", is_known};
        fields(inner, Tag<T>{}, value);
    }
};

Row make_row(const Trial& trial, std::vector<std::string>* header) {
    Row row(header);
    const RunResult& r = trial.result;
    const double rate = trial.point.level.rate;
    row.text("workload", trial.point.level.workload);
    row.text("model", trial.point.variant);
    row.figure("connections", trial.point.level.connections);
    row.figure("rate_rps", rate > 0 ? std::optional(rate) : std::nullopt);
    row.figure("cpus_asked", trial.point.level.server_cpus);
    row.figure("repetition", trial.point.repetition);
    row.figure("attempt", trial.attempt);
    row.figure("valid", r.verdict.valid);
    row.figure("superseded", trial.superseded);
    row.figure("overloaded", r.verdict.overloaded);
    row.text("invalid_checks", checks(r.verdict.reasons));
    row.text("flagged_checks", checks(r.verdict.flags));
    Columns columns{row};
    fields(columns, Tag<RunResult>{}, r);
    for (const char* part : {"uss", "rss_sum", "slab", "slab_still"}) {
        row.figure(fmt::format("server_{}_bytes", part), server_memory(trial, part));
    }
    for (const MemoryPart& part : memory_parts()) {
        row.figure(fmt::format("server_{}_bytes", part.key), server_memory(trial, part.key));
    }
    for (const Metric& metric : metrics()) {
        if (metric.use.column != nullptr) row.figure(metric.use.column, metric.of(trial));
    }
    const bool other = trial.cross_check && trial.cross_check->error.empty();
    row.figure("cross_check_throughput_rps",
               other ? std::optional(trial.cross_check->throughput_rps) : std::nullopt);
    return row;
}

}  // namespace

std::string to_csv(const Experiment& experiment) {
    std::vector<std::string> header;
    const Trial none;
    make_row(none, &header);
    std::string out = fmt::format("{}\n", fmt::join(header, ","));
    for (const Trial& trial : experiment.trials) out += make_row(trial, nullptr).line();
    return out;
}

}  // namespace echotrio::loadgen
