// Whose port it is.
#include "loadgen/subject/listeners.hpp"

#include "common/net/socket.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace echotrio::loadgen {
namespace {

TEST(Listeners, AreReadFromTheKernelsTable) {
    const auto listeners = parse_listeners(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout "
        "inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 "
        "4711 1 0000 100 0 0 10 0\n"
        "   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        "
        "0 "
        "4712 1 0000 20 4 30 10 -1\n"
        "   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000 0 0 99 1 0000\n"
        "nonsense\n   3: x 0 0A 0 0 0 0 0 7\n");
    ASSERT_EQ(listeners.size(), 2U);
    EXPECT_EQ(listeners[0].port, 8080);
    EXPECT_EQ(listeners[0].inode, 4711U);
    EXPECT_EQ(listeners[1].port, 80);
    EXPECT_EQ(listeners[1].inode, 99U);
}

TEST(Listeners, OurOwnIsOurs) {
    const auto listener = net::listen_tcp({"127.0.0.1", 0}, 1);
    ASSERT_TRUE(listener);
    const auto where = net::local_address(listener->get());
    ASSERT_TRUE(where);
    ProcStat self;
    self.pid = ::getpid();
    const PortUse use = port_use(where->port, {self});
    EXPECT_TRUE(use.listened && use.theirs && !use.unknown);
    const PortUse of_nobody = port_use(where->port, {});
    EXPECT_TRUE(of_nobody.listened && !of_nobody.theirs);
    EXPECT_TRUE(port_use(1, {self}).others.contains(where->port));
    const auto who = listener_on(where->port);
    ASSERT_TRUE(who);
    EXPECT_NE(who->find("PID " + std::to_string(::getpid())), std::string::npos) << *who;
}

}  // namespace
}  // namespace echotrio::loadgen
