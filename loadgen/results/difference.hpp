// From counters since a server began to those of a window.
#pragma once

#include "loadgen/results/run_result.hpp"

#include <optional>
#include <type_traits>

namespace echotrio::loadgen {

struct SubtractCounters {
    template <class T>
    void operator()(const char*, Kind, T&, const T&) const {}
    // One that stepped back is another server's, or a counter that was reset: unknown.
    template <class T>
    requires std::is_arithmetic_v<T>
    void operator()(const char*, Kind kind, std::optional<T>& end,
                    const std::optional<T>& begin) const {
        if (kind != Kind::counter) return;
        if (end && begin && *end >= *begin) {
            *end -= *begin;
        } else {
            end.reset();
        }
    }
};

// What is no counter stays as it is in `end`.
template <class T>
void subtract_counters(T& end, const T& begin) {
    const SubtractCounters subtract;
    fields(subtract, Tag<T>{}, end, begin);
}

struct ForgetCounters {
    template <class T>
    void operator()(const char*, Kind, T&) const {}
    template <class T>
    void operator()(const char*, Kind kind, std::optional<T>& value) const {
        if (kind == Kind::counter) value.reset();
    }
};

// Of a server whose counters are not those of the window.
inline void forget_counters(ServerUse& use) {
    const ForgetCounters forget;
    fields(forget, Tag<ServerUse>{}, use);
    use.cpu_us_per_request.reset();
    if (use.cgroup) fields(forget, Tag<CgroupUse>{}, *use.cgroup);  // its limits stay
}

}  // namespace echotrio::loadgen
