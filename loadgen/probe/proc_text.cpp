#include "loadgen/probe/proc_text.hpp"

#include <charconv>
#include <initializer_list>

namespace echotrio::loadgen {
namespace {

constexpr std::string_view kBlank = " \t";

// The next word of `rest`, cut off it; empty at the end of the text.
std::string_view next_word(std::string_view& rest) {
    const std::size_t from = rest.find_first_not_of(kBlank);
    if (from == std::string_view::npos) return rest = {};
    rest.remove_prefix(from);
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlank));
    rest.remove_prefix(word.size());
    return word;
}

std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

template <class T>
bool read_number(std::string_view word, T& value) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size();
}

template <class T>
bool next_number(std::string_view& rest, T& value) {
    return read_number(next_word(rest), value);
}

bool next_numbers(std::string_view& rest, std::initializer_list<std::uint64_t*> values) {
    for (std::uint64_t* value : values) {
        if (!next_number(rest, *value)) return false;
    }
    return true;
}

void skip_words(std::string_view& rest, int count) {
    for (int i = 0; i < count; ++i) next_word(rest);
}

}  // namespace

std::optional<ProcStat> parse_stat(std::string_view text) {
    ProcStat stat;
    // "PID (NAME) STATE PPID ...": the name may hold blanks and brackets, so its end is the last.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::string_view head = text.substr(0, name_end);
    text.remove_prefix(name_end + 1);
    std::string_view rest = next_line(text);
    if (!next_number(head, stat.pid)) return std::nullopt;
    const std::string_view state = next_word(rest);
    if (state.size() != 1) return std::nullopt;
    stat.state = state.front();
    if (!next_number(rest, stat.parent)) return std::nullopt;
    skip_words(rest, 5);  // pgrp session tty_nr tpgid flags
    if (!next_numbers(rest, {&stat.minor_faults, &stat.children_minor_faults, &stat.major_faults,
                             &stat.children_major_faults, &stat.user, &stat.system,
                             &stat.children_user, &stat.children_system})) {
        return std::nullopt;
    }
    skip_words(rest, 2);  // priority nice
    if (!next_number(rest, stat.threads)) return std::nullopt;
    skip_words(rest, 1);  // itrealvalue
    if (!next_number(rest, stat.started)) return std::nullopt;
    skip_words(rest, 1);  // vsize
    if (!next_number(rest, stat.resident_pages)) return std::nullopt;
    return stat;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        std::string_view line = next_line(text);
        if (!line.starts_with(key)) continue;
        line.remove_prefix(key.size());
        if (line.starts_with(':'))
            line.remove_prefix(1);
        else if (line.find_first_of(kBlank) != 0)
            continue;  // a longer key
        std::uint64_t value = 0;
        if (next_number(line, value)) return value;
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<SchedStat> parse_schedstat(std::string_view text) {
    SchedStat stat;
    std::string_view line = next_line(text);
    if (!next_numbers(line, {&stat.on_cpu_ns, &stat.waiting_ns})) return std::nullopt;
    return stat;
}

std::optional<Slab> parse_slab(std::string_view slabinfo, std::string_view cache) {
    while (!slabinfo.empty()) {
        std::string_view line = next_line(slabinfo);
        if (next_word(line) != cache) continue;
        Slab slab;
        if (!next_numbers(line, {&slab.active_objects, &slab.objects, &slab.object_bytes})) break;
        return slab;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat) {
    while (!sockstat.empty()) {
        std::string_view line = next_line(sockstat);
        if (next_word(line) != "TCP:") continue;
        for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
            std::uint64_t value = 0;
            if (word == "mem" && next_number(line, value)) return value;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_counter(std::string_view text, std::string_view group,
                                           std::string_view name) {
    while (!text.empty()) {
        std::string_view names = next_line(text);
        if (next_word(names) != group) continue;
        std::string_view values = next_line(text);
        if (next_word(values) != group) return std::nullopt;
        for (std::string_view word = next_word(names); !word.empty(); word = next_word(names)) {
            const std::string_view digits = next_word(values);
            std::uint64_t value = 0;
            if (word == name) {
                if (read_number(digits, value)) return value;
                return std::nullopt;
            }
        }
    }
    return std::nullopt;
}

std::optional<CpuTicks> parse_cpu_ticks(std::string_view stat) {
    std::string_view line = next_line(stat);
    CpuTicks ticks;
    if (next_word(line) != "cpu" ||
        !next_numbers(line, {&ticks.user, &ticks.nice, &ticks.system, &ticks.idle, &ticks.io_wait,
                             &ticks.irq, &ticks.soft_irq, &ticks.steal})) {
        return std::nullopt;
    }
    return ticks;
}

std::optional<std::uint64_t> parse_thread_count(std::string_view loadavg) {
    std::string_view line = next_line(loadavg);
    skip_words(line, 3);
    const std::string_view word = next_word(line);
    const std::size_t slash = word.find('/');
    std::uint64_t threads = 0;
    if (slash == std::string_view::npos || !read_number(word.substr(slash + 1), threads)) {
        return std::nullopt;
    }
    return threads;
}

}  // namespace echotrio::loadgen
