// From counters since a server began to those of a window.
#pragma once

#include "loadgen/results/run_result.hpp"

#include <optional>
#include <type_traits>

namespace echotrio::loadgen {

struct SubtractCounters {
    template <class T>
    void operator()(const char*, Kind kind, T& end, const T& begin) const {
        if constexpr (std::is_arithmetic_v<T>) {
            // One that stepped back began anew: what it shows came since.
            if (kind == Kind::counter && end >= begin) end = static_cast<T>(end - begin);
        }
    }
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

}  // namespace echotrio::loadgen
