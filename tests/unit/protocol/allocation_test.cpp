// What a session costs in memory.
#include "tests/support/allocations.hpp"
#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace echotrio::test {
namespace {

using protocol::Step;

// What a server does between two reads, without the driver's own allocations.
void serve(protocol::Session& session, std::string_view bytes) {
    session.took(moved(bytes));
    for (Step step = session.next(); step.kind != Step::Kind::read; step = session.next()) {
        ASSERT_EQ(step.kind, Step::Kind::write);
        session.sent(moved(step.bytes));
    }
}

class Allocation : public testing::Test {
  protected:
    // Allocations of the thousandth time, when everything is warm.
    std::size_t steady(const std::string& request) {
        (void)driver_.session().next();
        for (int i = 0; i < 1000; ++i) {
            before_ = allocations();
            serve(driver_.session(), request);
        }
        return allocations() - before_;
    }
    SessionDriver driver_;
    std::size_t before_ = 0;
};

TEST_F(Allocation, NoneForRawEcho) {
    EXPECT_EQ(steady(std::string(64, 'x')), 0U);
}

TEST_F(Allocation, NoneForGet) {
    EXPECT_EQ(steady("GET /echo/hello HTTP/1.1\r\nHost: t\r\nUser-Agent: a/1\r\n\r\n"), 0U);
}

TEST_F(Allocation, NoneForPost) {
    EXPECT_EQ(steady("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 64\r\n\r\n" +
                     std::string(64, 'x')),
              0U);
}

TEST_F(Allocation, NoneForTwoPipelined) {
    const std::string one = "GET /echo/hello HTTP/1.1\r\nHost: t\r\n\r\n";
    EXPECT_EQ(steady(one + one), 0U);
}

TEST_F(Allocation, IdleSessionsHoldNothing) {
    const std::string get = "GET /echo/hello HTTP/1.1\r\nHost: t\r\n\r\n";
    for (const std::string& request : {std::string(10'000, 'x'), get}) {
        driver_.connect();
        (void)driver_.session().next();
        serve(driver_.session(), request);
        const std::size_t before = live_bytes();
        protocol::Session other(driver_.context());
        (void)other.next();
        serve(other, request);
        EXPECT_EQ(live_bytes(), before);
    }
}

TEST_F(Allocation, UnfinishedRequestsHoldLittleMoreThanTheirBytes) {
    const std::size_t before = live_bytes();
    (void)driver_.session().next();
    serve(driver_.session(), "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_LE(live_bytes() - before, 1500U);  // whatever the head declares
}

// The inequality of session.hpp, room to spare included, at sizes around the doublings.
TEST_F(Allocation, ASlowSenderHoldsNoMoreThanTheLimitAndOneRead) {
    constexpr std::size_t kBeside = 1500 + 4096;  // the parser; malloc rounds up to a page
    const std::string head = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: ";
    for (const std::size_t size : {1'000U, 60'000U, 66'000U, 700'000U, 1'000'000U}) {
        for (const std::size_t piece : {1'000U, 16'000U}) {
            const std::string bytes(std::min(piece, size - 1), 'x');
            driver_.settings.max_request = size + 100;
            driver_.connect();
            const std::size_t before = live_bytes();
            (void)driver_.session().next();
            serve(driver_.session(), head + std::to_string(size) + "\r\n\r\n");
            for (std::size_t sent = 0; sent + bytes.size() < size; sent += bytes.size()) {
                serve(driver_.session(), bytes);
                ASSERT_LE(live_bytes() - before,
                          driver_.settings.max_request + bytes.size() + kBeside)
                    << sent << " of " << size;
            }
        }
    }
}

}  // namespace
}  // namespace echotrio::test
