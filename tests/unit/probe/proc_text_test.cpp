// The parsers of /proc: texts as kernels write them, and texts that no kernel writes.
#include "loadgen/probe/proc_text.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <string>

namespace echotrio::loadgen {
namespace {

constexpr const char* kStat =
    "4242 (a (nasty) name) S 17 4242 4242 0 -1 4194304 101 202 3 4 500 600 700 800 20 0 33 0 98765 "
    "108765184 2047 18446744073709551615 1 1 0 0 0 0 0 16781312 17642 0 0 0 17 1 0 0 0 0 0\n";

TEST(Stat, IsReadPastAnyName) {
    const auto stat = parse_stat(kStat);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->pid, 4242);
    EXPECT_EQ(stat->parent, 17);
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->minor_faults, 101U);
    EXPECT_EQ(stat->children_minor_faults, 202U);
    EXPECT_EQ(stat->major_faults, 3U);
    EXPECT_EQ(stat->children_major_faults, 4U);
    EXPECT_EQ(stat->user, 500U);
    EXPECT_EQ(stat->system, 600U);
    EXPECT_EQ(stat->children_user, 700U);
    EXPECT_EQ(stat->children_system, 800U);
    EXPECT_EQ(stat->threads, 33U);
    EXPECT_EQ(stat->started, 98765U);
    EXPECT_EQ(stat->resident_pages, 2047U);
}

TEST(Stat, CutShortAnywhereIsEmptyOrWhole) {
    const std::string text = kStat;
    const std::size_t last_needed = text.find(" 18446744073709551615");
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto stat = parse_stat(std::string_view(text).substr(0, length));
        // The last number itself may be cut, and is then another number.
        const bool within = length >= last_needed - 4 && length < last_needed;
        if (!within) {
            EXPECT_EQ(stat.has_value(), length >= last_needed) << length;
        }
    }
}

TEST(Number, IsFoundByItsWholeKeyAtALineBegin) {
    const char* text =
        "Name:\tx Pss: 1 kB\nPss_Dirty:  7 kB\nPss:      1234 kB\nVmPTE:\t      44 kB\n"
        "pswpin 5\npswpinned 6\nBroken:\tx\nvoluntary_ctxt_switches:\t9\n"
        "nonvoluntary_ctxt_switches:\t10\n";
    EXPECT_EQ(number_after(text, "Pss"), 1234U);
    EXPECT_EQ(number_after(text, "VmPTE"), 44U);
    EXPECT_EQ(number_after(text, "pswpin"), 5U);
    EXPECT_EQ(number_after(text, "voluntary_ctxt_switches"), 9U);
    EXPECT_EQ(number_after(text, "nonvoluntary_ctxt_switches"), 10U);
    EXPECT_FALSE(number_after(text, "Broken"));
    EXPECT_FALSE(number_after(text, "VmSwap"));
    EXPECT_FALSE(number_after("Pss:", "Pss"));
    EXPECT_FALSE(number_after("Pss: 99999999999999999999 kB", "Pss"));
    EXPECT_FALSE(number_after("Pss: -4 kB", "Pss"));
}

TEST(SchedStat, HasTwoTimes) {
    const auto stat = parse_schedstat("186158 2779612 2\n");
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->on_cpu_ns, 186158U);
    EXPECT_EQ(stat->waiting_ns, 2779612U);
    EXPECT_FALSE(parse_schedstat("186158"));
    EXPECT_FALSE(parse_schedstat(""));
}

TEST(Slabs, AreFoundByExactName) {
    const char* text =
        "slabinfo - version: 2.1\n"
        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n"
        "TCPv6                 13     14   2496   13    8 : tunables    0    0    0\n"
        "tw_sock_TCP           32     32    256   16    1 : tunables    0    0    0\n"
        "TCP                   26     39   2368   13    8 : tunables    0    0    0\n"
        "broken 1\n";
    const auto slab = parse_slab(text, "TCP");
    ASSERT_TRUE(slab);
    EXPECT_EQ(slab->active_objects, 26U);
    EXPECT_EQ(slab->object_bytes, 2368U);
    EXPECT_FALSE(parse_slab(text, "UDP"));
    EXPECT_FALSE(parse_slab(text, "broken"));
}

TEST(SockStat, TellsTcpPages) {
    EXPECT_EQ(parse_tcp_pages("sockets: used 17\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 126\n"
                              "UDP: inuse 0 mem 5\n"),
              126U);
    EXPECT_FALSE(parse_tcp_pages("UDP: inuse 0 mem 5\n"));
    EXPECT_FALSE(parse_tcp_pages("TCP: inuse mem\n"));
}

TEST(Counters, AreFoundByColumn) {
    const char* text =
        "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\n"
        "IpExt: InNoRoutes ListenDrops\nIpExt: 0 9\n";
    EXPECT_EQ(parse_counter(text, "TcpExt:", "ListenOverflows"), 22U);
    EXPECT_EQ(parse_counter(text, "TcpExt:", "ListenDrops"), 333U);
    EXPECT_EQ(parse_counter(text, "IpExt:", "ListenDrops"), 9U);
    EXPECT_FALSE(parse_counter(text, "TcpExt:", "Listen"));
    EXPECT_FALSE(parse_counter(text, "Tcp:", "RetransSegs"));
    EXPECT_FALSE(parse_counter("Tcp: A B\nTcp: 1\n", "Tcp:", "B"));
    EXPECT_FALSE(parse_counter("Tcp: A B\n", "Tcp:", "B"));
}

TEST(CpuTicks, AreOfTheWholeMachine) {
    const auto ticks =
        parse_cpu_ticks("cpu  10 20 30 400 50 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
    ASSERT_TRUE(ticks);
    EXPECT_EQ(ticks->all(), 531U);
    EXPECT_EQ(ticks->busy(), 73U);
    EXPECT_EQ(ticks->steal, 8U);
    EXPECT_FALSE(parse_cpu_ticks("cpu0 1 2 3 4 5 6 7 8\n"));
    EXPECT_FALSE(parse_cpu_ticks("cpu 1 2 3\n"));
}

TEST(ThreadCount, IsTheSecondOfThePair) {
    EXPECT_EQ(parse_thread_count("0.35 0.27 0.15 1/113 11674\n"), 113U);
    EXPECT_FALSE(parse_thread_count("0.35 0.27 0.15 113 11674\n"));
    EXPECT_FALSE(parse_thread_count("0.35"));
}

TEST(Garbage, DoesNotHarm) {
    Rng rng(3);
    const std::string alphabet = "0123456789 \n\t():/-TCPcpukBmem\xff";
    for (int round = 0; round < 20'000; ++round) {
        std::string text = round % 2 == 0 ? std::string() : std::string(kStat);
        const auto length = rng.below(200);
        while (text.size() < length) text += alphabet[rng.below(alphabet.size())];
        if (!text.empty()) text[rng.below(text.size())] = alphabet[rng.below(alphabet.size())];
        parse_stat(text);
        number_after(text, "TCP");
        parse_schedstat(text);
        parse_slab(text, "TCP");
        parse_tcp_pages(text);
        parse_counter(text, "TCP:", "mem");
        parse_cpu_ticks(text);
        parse_thread_count(text);
    }
}

}  // namespace
}  // namespace echotrio::loadgen
