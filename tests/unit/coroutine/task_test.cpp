#include "servers/coroutine/task.hpp"

#include "servers/coroutine/peer.hpp"
#include "tests/support/allocations.hpp"

#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <new>

namespace echotrio::coroutine {
namespace {

// Says when the frame has gone.
struct Witness {
    explicit Witness(bool& f) : gone(f) {}
    ~Witness() { gone = true; }
    bool& gone;
};

Task tick_twice(asio::io_context& io, int& ticks, bool& gone) {
    const Witness witness(gone);
    Timer timer(io, std::chrono::milliseconds(1));
    co_await Expiry(timer);
    ++ticks;
    timer.expires_after(std::chrono::milliseconds(1));
    co_await Expiry(timer);
    ++ticks;
}

TEST(Task, RunsToItsEndAndFreesItsFrame) {
    asio::io_context io(ASIO_CONCURRENCY_HINT_UNSAFE);
    int ticks = 0;
    bool gone = false;
    ASSERT_TRUE(tick_twice(io, ticks, gone).started());
    EXPECT_EQ(ticks, 0);
    EXPECT_FALSE(gone);
    io.run();
    EXPECT_EQ(ticks, 2);
    EXPECT_TRUE(gone);
}

Task wait_often(Timer& timer, int times, std::size_t& allocated) {
    co_await Expiry(timer);  // Asio's own first use
    const std::size_t before = test::allocations();
    for (int i = 0; i < times; ++i) {
        timer.expires_after(std::chrono::nanoseconds(1));
        co_await Expiry(timer);
    }
    allocated = test::allocations() - before;
}

TEST(Task, WaitingAllocatesNothing) {
    asio::io_context io(ASIO_CONCURRENCY_HINT_UNSAFE);
    Timer timer(io, std::chrono::nanoseconds(1));
    std::size_t allocated = 1;
    static_cast<void>(wait_often(timer, 100, allocated));
    io.run();
    EXPECT_EQ(allocated, 0U);
}

Task runs_out_of_memory(asio::io_context& io, bool& gone) {
    const Witness witness(gone);
    Timer timer(io, std::chrono::nanoseconds(1));
    co_await Expiry(timer);
    throw std::bad_alloc();
}

TEST(Task, OutOfMemoryEndsOneCoroutineAlone) {
    asio::io_context io(ASIO_CONCURRENCY_HINT_UNSAFE);
    bool first_gone = false, second_gone = false;
    int ticks = 0;
    static_cast<void>(runs_out_of_memory(io, first_gone));
    static_cast<void>(tick_twice(io, ticks, second_gone));
    io.run();
    EXPECT_TRUE(first_gone);
    EXPECT_TRUE(second_gone);
    EXPECT_EQ(ticks, 2);
}

TEST(OperationSlot, LargerOperationsGoToTheHeap) {
    OperationSlot slot;
    const std::size_t before = test::live_bytes();
    void* const small = slot.take(80);
    EXPECT_EQ(test::live_bytes(), before);
    slot.give_back(small, 80);
    void* const large = slot.take(81);
    EXPECT_GT(test::live_bytes(), before);
    slot.give_back(large, 81);
    EXPECT_EQ(test::live_bytes(), before);
}

}  // namespace
}  // namespace echotrio::coroutine
