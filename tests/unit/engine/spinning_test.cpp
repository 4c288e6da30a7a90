// What polling costs by the books, when it ends, and that the waking of a sleeper can be measured.
#include "loadgen/engine/spinning.hpp"

#include "loadgen/engine/waking.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using namespace std::chrono_literals;

void poll(Spinning& spinning, Nanos took, int times) {
    for (int i = 0; i < times; ++i) spinning.polled(took);
}

TEST(Spinning, CountsThePollsAndNotWhatInterruptsThem) {
    Spinning spinning(true, false);
    poll(spinning, 400ns, 1000);
    EXPECT_EQ(spinning.spun(), 400us);
    spinning.polled(4ms);  // somebody else ran
    EXPECT_EQ(spinning.spun(), 405us);
}

TEST(Spinning, EndsWhereTheCpuIsNotItsOwn) {
    Spinning alone(true, true);
    for (int i = 0; i < 100; ++i) {  // our own controlling thread takes 1 %
        poll(alone, 1us, 29700);
        alone.polled(300us);
    }
    EXPECT_TRUE(alone.polls());

    Spinning shared(true, true);
    Nanos time{0};
    for (; shared.polls() && time < 1s; time += 6ms) {  // a burner has the CPU for half of it
        poll(shared, 1us, 3000);
        shared.polled(3ms);
    }
    EXPECT_FALSE(shared.polls());
    EXPECT_LT(time, 100ms) << "soon";
}

TEST(Spinning, DoesNotEndWhereItWasAskedFor) {
    Spinning asked(true, false);
    poll(asked, 3ms, 1000);
    EXPECT_TRUE(asked.polls());
    EXPECT_FALSE(Spinning(false, true).polls());
}

TEST(Waking, IsMeasuredOnAnyMachine) {
    const auto waking =
        measure_waking({}, {}, 1min);  // it takes a tenth of a second on a quiet one
    ASSERT_TRUE(waking);
    EXPECT_GT(*waking, 0ns);
}

TEST(Waking, IsUnknownWhereThereIsNoTime) {
    EXPECT_FALSE(measure_waking({}, {}, 0ns));
}

}  // namespace
}  // namespace echotrio::loadgen
