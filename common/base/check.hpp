// CHECK: an always-on assertion for our own bugs. It prints the condition and the place, then
// aborts.
#pragma once

#include <string_view>

namespace echotrio {

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               std::string_view detail);

}  // namespace echotrio

#define CHECK(condition)                \
    ((condition) ? static_cast<void>(0) \
                 : ::echotrio::check_failed(#condition, __FILE__, __LINE__, {}))

// The same, with the two values in the message.
#define CHECK_LE(a, b)                                                                  \
    (((a) <= (b)) ? static_cast<void>(0)                                                \
                  : ::echotrio::check_failed_values(#a " <= " #b, __FILE__, __LINE__,   \
                                                    static_cast<unsigned long long>(a), \
                                                    static_cast<unsigned long long>(b)))

namespace echotrio {

[[noreturn]] void check_failed_values(const char* condition, const char* file, int line,
                                      unsigned long long left, unsigned long long right);

}  // namespace echotrio
