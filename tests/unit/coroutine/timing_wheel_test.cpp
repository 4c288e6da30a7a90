#include "servers/coroutine/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace echotrio::coroutine {
namespace {

struct Item : ListHook {
    explicit Item(Ticks at) : due_(at) {}
    Ticks due() const { return due_; }
    Ticks due_;
};
using Wheel = TimingWheel<Item>;

class TimingWheelTest : public testing::Test {
  protected:
    Item& add(Ticks due) {
        items_.push_back(std::make_unique<Item>(due));
        wheel_.at(due).push_back(*items_.back());
        return *items_.back();
    }
    std::vector<Ticks> expired(Ticks present) {
        std::vector<Ticks> found;
        wheel_.expire(present, [&](Item& item) {
            item.unlink();
            wheel_.busy().push_back(item);
            found.push_back(item.due());
        });
        return found;
    }
    Wheel wheel_;
    std::vector<std::unique_ptr<Item>> items_;
};

TEST_F(TimingWheelTest, EachIsLateOnceInTheOrderOfTheTicks) {
    for (const Ticks due : {7U, 3U, 3U, 12U, 5U}) add(due);
    EXPECT_EQ(expired(2), std::vector<Ticks>());
    EXPECT_EQ(expired(5), (std::vector<Ticks>{3, 3, 5}));
    EXPECT_EQ(expired(5), std::vector<Ticks>());
    EXPECT_EQ(expired(100), (std::vector<Ticks>{7, 12})) << "a loop that was held up looks at all";
}

TEST_F(TimingWheelTest, WhatIsDueTurnsLaterWaitsForItsTurn) {
    const Ticks turn = Wheel::kSlots;
    for (const Ticks due : {5 + 2 * turn, 5U, 5 + turn}) add(due);
    EXPECT_EQ(expired(6), (std::vector<Ticks>{5}));
    EXPECT_EQ(expired(5 + turn - 1), std::vector<Ticks>());
    EXPECT_EQ(expired(5 + turn), (std::vector<Ticks>{5 + turn}));
    EXPECT_EQ(expired(10 * turn), (std::vector<Ticks>{5 + 2 * turn}));
}

TEST_F(TimingWheelTest, WhoIsGoneOrHasMovedIsNotLate) {
    add(5);
    items_.clear();
    Item& moved = add(6);
    moved.unlink();
    moved.due_ = 9;
    wheel_.at(9).push_back(moved);
    wheel_.unlimited().push_back(*items_.emplace_back(std::make_unique<Item>(0)));
    EXPECT_EQ(expired(8), std::vector<Ticks>());
    EXPECT_EQ(expired(9), std::vector<Ticks>{9});
}

TEST_F(TimingWheelTest, ThoseThatWaitAreVisitedWithAndWithoutALimit) {
    add(5);
    add(3000);
    wheel_.unlimited().push_back(*items_.emplace_back(std::make_unique<Item>(1)));
    wheel_.busy().push_back(*items_.emplace_back(std::make_unique<Item>(2)));
    std::vector<Ticks> seen;
    wheel_.each_waiting([&](const Item& item) { seen.push_back(item.due()); });
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<Ticks>{1, 5, 3000}));
}

}  // namespace
}  // namespace echotrio::coroutine
