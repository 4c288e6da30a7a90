// wrk's words, read.
#include "loadgen/experiment/cross_check.hpp"

#include <gtest/gtest.h>

#include <string>

namespace echotrio::loadgen {
namespace {

const std::string kOutput = R"(Running 1s test @ http://127.0.0.1:7003/echo/hi
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.09ms    2.10ms  40.00ms   96.00%
    Req/Sec    51.80k     1.20k   53.00k    70.00%
  Latency Distribution
     50%  635.00us
     75%    1.01ms
     90%    1.50ms
     99%    5.02ms
  57000 requests in 1.10s, 6.02MB read
Requests/sec:  51818.25
Transfer/sec:      5.47MB
)";

TEST(Wrk, RateAndPercentiles) {
    const CrossCheck check = parse_wrk(kOutput);
    EXPECT_EQ(check.error, "");
    EXPECT_DOUBLE_EQ(check.throughput_rps, 51818.25);
    ASSERT_TRUE(check.p50_us && check.p99_us);
    EXPECT_DOUBLE_EQ(*check.p50_us, 635);
    EXPECT_DOUBLE_EQ(*check.p99_us, 5020);
}

TEST(Wrk, FailuresAreNoFigures) {
    const CrossCheck errors =
        parse_wrk(kOutput + "  Socket errors: connect 0, read 3, write 0, timeout 0\n");
    EXPECT_EQ(errors.error, "Socket errors: connect 0, read 3, write 0, timeout 0");
    EXPECT_EQ(errors.throughput_rps, 0);
    EXPECT_NE(parse_wrk(kOutput + "  Non-2xx or 3xx responses: 7\n").error, "");
}

TEST(Wrk, OtherTextIsNoFigure) {
    EXPECT_NE(parse_wrk("").error, "");
    EXPECT_NE(parse_wrk("unable to connect to 127.0.0.1:1 Connection refused\n").error, "");
    EXPECT_NE(parse_wrk("Requests/sec:  many\n").error, "");
    EXPECT_NE(parse_wrk("Requests/sec:\n").error, "");
}

}  // namespace
}  // namespace echotrio::loadgen
