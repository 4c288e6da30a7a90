#include "loadgen/report/console_run.hpp"

#include "common/base/to_count.hpp"
#include "common/base/units.hpp"
#include "loadgen/results/format.hpp"

#include <fmt/format.h>

#include <cmath>

namespace echotrio::loadgen {
namespace {

std::string duration(std::optional<double> us) {
    return us ? format_value(*us, Unit::microseconds) : "-";
}

}  // namespace

std::string grouped(double number) {
    return format_exact_count(to_count(std::round(number)));
}

std::string live_line(const Interval& i, double length_s) {
    std::string text =
        fmt::format("{:4.0f} s {:>10}/s  in flight {:<6} p50 {:<8} p99 {:<8} errors {}", i.at_s,
                    grouped(static_cast<double>(i.completed) / length_s), i.in_flight,
                    duration(i.p50_us), duration(i.p99_us), i.errors);
    if (i.server_cpu_s) {
        text += fmt::format("  server {:.0f} % CPU", *i.server_cpu_s / length_s * 100);
    }
    if (i.server_memory_bytes) text += fmt::format(" {}", human_bytes(*i.server_memory_bytes));
    return text;
}

}  // namespace echotrio::loadgen
