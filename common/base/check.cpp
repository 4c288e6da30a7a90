#include "common/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace echotrio {

void check_failed(const char* condition, const char* file, int line, std::string_view detail) {
    std::fprintf(stderr, "%s:%d: check failed: %s %.*s\n", file, line, condition,
                 static_cast<int>(detail.size()), detail.data());
    std::abort();
}

void check_failed_values(const char* condition, const char* file, int line, unsigned long long left,
                         unsigned long long right) {
    std::fprintf(stderr, "%s:%d: check failed: %s (%llu, %llu)\n", file, line, condition, left,
                 right);
    std::abort();
}

}  // namespace echotrio
