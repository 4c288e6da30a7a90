#include "loadgen/engine/hiccup.hpp"

#include "common/base/clock.hpp"

#include <sys/prctl.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

// Short enough to see stalls of milliseconds, long enough to cost less than a thousandth of a CPU.
constexpr Nanos kStep = std::chrono::milliseconds(5);

}  // namespace

Hiccup::Hiccup() {
    // Room for everything up to a minute, so that the thread allocates nothing.
    late_.add_to_slot(Histogram::slot_of(60'000'000'000), 0);
    thread_ = std::thread([this] { watch(); });
}

void Hiccup::watch() {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    for (TimePoint before = now(); !stop_.load(std::memory_order_relaxed);) {
        std::this_thread::sleep_for(kStep);
        const TimePoint after = now();
        late_.record(std::max(after - before - kStep, Nanos(0)).count());
        before = after;
    }
}

const Histogram& Hiccup::stop() {
    stop_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
    return late_;
}

}  // namespace echotrio::loadgen
