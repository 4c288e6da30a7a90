#include "loadgen/report/prometheus.hpp"

#include <fmt/format.h>

#include <optional>

namespace echotrio::loadgen {
namespace {

// A label's value: the format escapes backslash, quote and newline.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

class Text {
  public:
    explicit Text(std::string_view server)
        : label_(fmt::format("server=\"{}\"", escaped(server))) {}

    template <class T>
    void counter(std::string_view name, std::string_view help, const std::optional<T>& value) {
        if (value) metric(name, help, "counter", static_cast<double>(*value));
    }
    template <class T>
    void gauge(std::string_view name, std::string_view help, const std::optional<T>& value) {
        if (value) metric(name, help, "gauge", static_cast<double>(*value));
    }
    void memory(std::string_view name, std::string_view help,
                const std::map<std::string, std::optional<double>>& parts) {
        std::string samples;
        for (const auto& [part, bytes] : parts) {
            if (bytes) {
                samples += fmt::format("{}{{{},part=\"{}\"}} {}\n", name, label_, part, *bytes);
            }
        }
        if (!samples.empty()) head(name, help, "gauge") += samples;
    }
    std::string take() { return std::move(text_); }

  private:
    std::string& head(std::string_view name, std::string_view help, std::string_view type) {
        return text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    }
    void metric(std::string_view name, std::string_view help, std::string_view type, double value) {
        head(name, help, type) += fmt::format("{}{{{}}} {}\n", name, label_, value);
    }

    std::string label_;
    std::string text_;
};

}  // namespace

std::string use_to_prometheus(const ServerUse& use, std::string_view name) {
    Text text(name);
    text.counter("echotrio_group_cpu_seconds_total", "CPU time of the server's processes.",
                 std::optional(use.cpu_s));
    text.gauge("echotrio_group_processes", "Processes of the server.",
               std::optional(use.processes));
    text.gauge("echotrio_group_threads", "Threads of the server.", std::optional(use.threads));
    text.counter("echotrio_group_run_queue_wait_seconds_total",
                 "Time that its threads were ready and had no CPU.", use.run_queue_wait_s);
    text.counter("echotrio_group_voluntary_switches_total", "Context switches by waiting.",
                 use.voluntary_switches);
    text.counter("echotrio_group_involuntary_switches_total", "Context switches by preemption.",
                 use.involuntary_switches);
    text.memory("echotrio_group_memory_bytes", "Memory of the server's processes by metric.",
                use.memory);
    if (use.cgroup) {
        const CgroupUse& group = *use.cgroup;
        text.counter("echotrio_cgroup_cpu_seconds_total", "CPU time of the server's container.",
                     group.cpu_s);
        text.gauge("echotrio_cgroup_cpu_limit", "CPUs that the container may use.",
                   group.cpu_limit);
        text.counter("echotrio_cgroup_throttled_seconds_total",
                     "Time that the container was held back by its CPU limit.", group.throttled_s);
        text.counter("echotrio_cgroup_throttled_periods_total",
                     "Enforcement periods in which it was held back.", group.throttled_periods);
        text.memory("echotrio_cgroup_memory_bytes", "Memory of the server's container by part.",
                    group.memory);
    }
    return text.take();
}

}  // namespace echotrio::loadgen
