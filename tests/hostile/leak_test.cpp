// What is left after very many connections: nothing. Under AddressSanitizer the server's own exit
// tells of leaks, too: its status is then not 0.
#include "tests/hostile/fixture.hpp"

namespace echotrio::test {
namespace {

class Leak : public Hostile {
  protected:
    // One request each, raw and HTTP in turn. Nine of ten end with a reset: an orderly end leaves
    // an entry in the system's tables for minutes, and those tables are smaller than this.
    void connections(int count) {
        for (int i = 0; i < count; ++i) {
            Client client(where());
            ASSERT_TRUE(client.connected());
            if (i % 2 == 0) {
                client.send("raw\n");
                ASSERT_EQ(client.receive(4), "raw\n");
            } else {
                client.send("GET /echo/x HTTP/1.1\r\nHost: a\r\n\r\n");
                const auto reply = client.reply();
                ASSERT_TRUE(reply && reply->body == "x");
            }
            if (i % 10 != 0) client.reset();
        }
    }
};

TEST_P(Leak, AHundredThousandConnectionsLeaveNothing) {
    start(4);
    connections(10'000);  // heaps, stacks and caches fill
    const double settled = grown_bytes();
    connections(100'000);
    EXPECT_LT(grown_bytes() - settled, 2.0 * (1 << 20));
    expect_polite();
    expect_all_closed();
    expect_descriptors_back();
}

INSTANTIATE_TEST_SUITE_P(Models, Leak, testing::Values("prefork", "threads", "coroutine"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace echotrio::test
