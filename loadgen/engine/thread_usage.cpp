#include "loadgen/engine/thread_usage.hpp"

#include <time.h>

#include <cstdio>

namespace echotrio::loadgen {
namespace {

double cpu_s(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double thread_wait_s() {
    std::FILE* file = std::fopen("/proc/thread-self/schedstat", "re");
    if (file == nullptr) return 0;
    unsigned long long ran = 0;
    unsigned long long waited = 0;
    const int fields = std::fscanf(file, "%llu %llu", &ran, &waited);
    std::fclose(file);
    return fields == 2 ? static_cast<double>(waited) * 1e-9 : 0;
}

}  // namespace

ThreadUsage thread_usage() {
    ThreadUsage usage;
    usage.before = now();
    usage.wait_s = thread_wait_s();
    usage.cpu_s = cpu_s(CLOCK_THREAD_CPUTIME_ID);
    usage.after = now();
    return usage;
}

double process_cpu_s() {
    return cpu_s(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace echotrio::loadgen
