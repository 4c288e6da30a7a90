// Who gets the global lock while a thread does each kind of work.
#include "servers/threads/burn.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace echotrio::threads {
namespace {

using namespace std::chrono_literals;
using protocol::Work;

// Whether another thread, which wants the lock before the work begins, has it before the work ends.
bool others_run_during(Work kind, Gil::Mode mode = Gil::Mode::switching) {
    Gil gil({.mode = mode, .switch_interval = 200us});
    const work::Burner burner;
    std::atomic<bool> wants{false};
    bool working = false, seen = false;  // under the lock
    gil.take();
    std::thread other([&] {
        wants.store(true);
        gil.take();
        seen = working;
        gil.drop();
    });
    while (!wants.load()) std::this_thread::yield();
    working = true;
    burn({.kind = protocol::Step::Kind::compute, .work = kind, .duration = 20ms}, burner, gil);
    working = false;
    gil.drop();
    other.join();
    return seen;
}

// How soon the other thread runs is the scheduler's business.
bool others_run_in_the_end(Work kind) {
    for (int i = 0; i < 200; ++i) {
        if (others_run_during(kind)) return true;
    }
    return false;
}

TEST(Burn, InterpretedAndNativeWorkLetOthersRun) {
    EXPECT_TRUE(others_run_in_the_end(Work::interpreted));
    EXPECT_TRUE(others_run_in_the_end(Work::native));
}

TEST(Burn, ACallThatHoldsLetsNobodyRun) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(others_run_during(Work::hold));
        EXPECT_FALSE(others_run_during(Work::hold, Gil::Mode::ticks));
    }
}

}  // namespace
}  // namespace echotrio::threads
