// The order of the generators, and which of them this one is.
#include "loadgen/rendezvous/lookup.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen::rendezvous {
namespace {

std::vector<net::Address> addresses(const std::vector<std::string>& texts) {
    std::vector<net::Address> all;
    for (const std::string& text : texts) all.push_back(net::resolve(text, 0)->front());
    return all;
}

const auto kGoOn = [] { return false; };

TEST(Lookup, AddressesAreInTheOrderOfTheirNumbers) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(in_order(addresses({"10.0.0.10", "10.0.0.9", "9.255.0.1", "10.0.0.9"})),
              (Texts{"9.255.0.1", "10.0.0.9", "10.0.0.10"}));
    EXPECT_EQ(in_order(addresses({"::2", "10.0.0.1", "::1"})), (Texts{"10.0.0.1"}));
    EXPECT_EQ(in_order(addresses({"::2", "::1"})), (Texts{"::1", "::2"}));
}

TEST(Lookup, AListIsInItsOwnOrder) {
    const auto peers = find_peers({{"127.0.0.3", "127.0.0.2"}, 2, 2, Nanos(0)}, kGoOn);
    ASSERT_TRUE(peers);
    EXPECT_EQ(peers->addresses, (std::vector<std::string>{"127.0.0.3", "127.0.0.2"}));
    EXPECT_EQ(peers->rank, 2U);
}

// 203.0.113.0/24 is nobody's (RFC 5737).
TEST(Lookup, TheOwnAddressTellsTheRank) {
    const auto peers = find_peers({{"203.0.113.1", "127.0.0.1"}, 2, 0, Nanos(0)}, kGoOn);
    ASSERT_TRUE(peers);
    EXPECT_EQ(peers->rank, 2U);
}

std::string refused(const PeersAsked& asked) {
    const auto peers = find_peers(asked, kGoOn);
    return peers ? "" : peers.error().message;
}

TEST(Lookup, SaysWhatIsWrong) {
    const auto has = [](const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    has(refused({{"127.0.0.1", "127.0.0.2"}, 2, 0, Nanos(0)}),
        "several of these addresses (127.0.0.1, 127.0.0.2): say which one this is with --rank");
    has(refused({{"203.0.113.1", "203.0.113.2"}, 2, 0, Nanos(0)}), "none of these addresses");
    has(refused({{"localhost", "203.0.113.2"}, 2, 1, Nanos(0)}),
        "localhost is 127.0.0.1 on this machine, where no other finds it: write addresses");
    has(refused({{"127.0.0.1"}, 3, 0, Nanos(0)}), "1 generator (127.0.0.1) after 0s, 3 were");
    has(refused({{"127.0.0.1"}, 0, 0, Nanos(0)}), "a load together takes two");
    has(refused({{"127.0.0.1"}, 1, 2, Nanos(0)}), "--rank: there are 1 generators");
    EXPECT_EQ(find_peers({{"127.0.0.1"}, 3, 0, std::chrono::hours(1)}, [] { return true; })
                  .error()
                  .message,
              "interrupted");
}

}  // namespace
}  // namespace echotrio::loadgen::rendezvous
