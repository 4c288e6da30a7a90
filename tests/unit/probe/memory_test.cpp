// What the kernel's books say that a group costs, from texts.
#include "loadgen/probe/memory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace echotrio::loadgen {
namespace {

std::string slabinfo(int tcp, int inodes, int epoll_items) {
    return fmt::format(
        "slabinfo - version: 2.1\n"
        "TCPv6 0 0 2496 13 8 : tunables 0 0 0\n"
        "TCP {0} {0} 2368 13 8 : tunables 0 0 0\n"
        "eventpoll_epi {2} {2} 128 32 1 : tunables 0 0 0\n"
        "eventpoll_pwq {2} {2} 64 32 1 : tunables 0 0 0\n"
        "sock_inode_cache {1} {1} 832 19 4 : tunables 0 0 0\n"
        "filp 861 861 192 21 1 : tunables 0 0 0\n"
        "dentry 119532 119532 192 21 1 : tunables 0 0 0\n",
        tcp, inodes, epoll_items);
}

KernelMemory kernel(double slab, double buffers, const std::string& slabs) {
    KernelMemory memory;
    memory.unreclaimable_slab = slab;
    memory.tcp_buffers = buffers;
    memory.slabs = parse_slabs(slabs);
    return memory;
}

constexpr double kEnd = 2368 + 832 + 192 + 192;  // socket, inode, file, name

TEST(KernelGrowth, CountsOneEndOfEachConnection) {
    // 100 connections, both ends here; the generator watches its 100 ends.
    const auto grown =
        growth(kernel(1e6, 8192, slabinfo(20, 50, 0)), kernel(2e6, 12288, slabinfo(220, 250, 100)));
    EXPECT_DOUBLE_EQ(*grown.socket_objects, 100 * kEnd);
    EXPECT_DOUBLE_EQ(*grown.socket_buffers, 4096);
    EXPECT_DOUBLE_EQ(*grown.slab, 1e6) << "unreclaimable, of both ends and all others";
    EXPECT_DOUBLE_EQ(*grown.task_objects, 1e6 - 200 * 2368 - 200 * 192 - 100 * 192);
}

TEST(KernelGrowth, OfWhatAConnectionTakesBesideHalfIsTheServers) {
    KernelMemory before = kernel(1e6, 0, slabinfo(20, 50, 0));
    const KernelMemory after = kernel(2e6, 0, slabinfo(220, 250, 100));
    const double all = *growth(before, after).task_objects;
    before.other_per_connection = 600;
    EXPECT_DOUBLE_EQ(*growth(before, after).task_objects, all - 100 * 300);
}

// A minute or two longer than their connection: they are nobody's, and those of others end
// meanwhile.
TEST(KernelGrowth, LeavesOutWhatOutlivesAConnection) {
    const auto with = [](int tracked, int waiting) {
        return slabinfo(20, 50, 0) + fmt::format(
                                         "nf_conntrack 5 {} 256 16 1 : tunables 0 0 0\n"
                                         "tw_sock_TCP 5 {} 256 16 1 : tunables 0 0 0\n",
                                         tracked, waiting);
    };
    const auto grown = growth(kernel(1e6, 0, with(16, 32)), kernel(2e6, 0, with(1616, 16)));
    EXPECT_DOUBLE_EQ(*grown.task_objects, 1e6 - 1584 * 256) << "by whole pages, as slab grows";
    EXPECT_DOUBLE_EQ(*grown.slab, 1e6) << "nobody but root can tell them apart";
}

TEST(KernelGrowth, CountsTheServersOwnEpollItems) {
    const auto grown =
        growth(kernel(1e6, 0, slabinfo(20, 50, 0)), kernel(2e6, 0, slabinfo(220, 250, 200)));
    EXPECT_DOUBLE_EQ(*grown.socket_objects, 100 * (kEnd + 128 + 64));
}

TEST(KernelGrowth, ConnectionsThatWaitUnacceptedHaveNoFile) {
    // 100 connections of which 10 were accepted: 200 sockets, 110 inodes.
    const auto grown =
        growth(kernel(1e6, 0, slabinfo(20, 50, 0)), kernel(2e6, 0, slabinfo(220, 160, 100)));
    EXPECT_DOUBLE_EQ(*grown.socket_objects, 100 * 2368 + 55 * (832 + 192 + 192));
}

TEST(KernelGrowth, IsUnknownWhereAPartIs) {
    KernelMemory before = kernel(1e6, 8192, slabinfo(20, 50, 0));
    KernelMemory after = kernel(2e6, 8192, slabinfo(20, 50, 0));
    after.unreclaimable_slab.reset();
    EXPECT_FALSE(growth(before, after).task_objects);
    EXPECT_TRUE(growth(before, after).socket_objects);
    before.slabs.reset();
    EXPECT_FALSE(growth(before, after).socket_objects);
    EXPECT_TRUE(growth(before, after).socket_buffers);
    before.tcp_buffers.reset();
    EXPECT_FALSE(growth(before, after).socket_buffers);
    EXPECT_FALSE(parse_slabs("slabinfo - version: 2.1\nTCP 1 1 2368 13 8\n"));
}

TEST(KernelGrowth, TellsSlabToThoseToWhomSlabinfoIsClosed) {
    KernelMemory before, after;
    before.unreclaimable_slab = 600e6;
    after.unreclaimable_slab = 607.2e6;
    EXPECT_DOUBLE_EQ(*growth(before, after).slab, 7.2e6);
    EXPECT_FALSE(growth(before, after).socket_objects);
    EXPECT_GT(read_kernel_memory().unreclaimable_slab.value_or(0), 0) << "for everybody";
    EXPECT_GT(read_kernel_memory().reclaimable_slab.value_or(0), 0) << "for everybody";
}

// While a server runs, the slab of an ended one's 1,000 threads may be freed.
TEST(TaskObjects, AreNoLessThanATaskStructEach) {
    constexpr double kMiB = 1 << 20;
    EXPECT_EQ(task_objects(-5 * kMiB, 2, 4096), 2 * 4096);
    EXPECT_EQ(task_objects(9 * kMiB, 1'000, 4096), 9 * kMiB);
    EXPECT_EQ(task_objects(-1, 3, 0), 0) << "a kernel that merges caches names no size";
}

TEST(SlabInPause, IsScaledToTheLength) {
    using std::chrono::milliseconds;
    const TimePoint start{};
    const SlabLook begin{start, 600e6}, end{start + milliseconds(400), 602e6};
    EXPECT_DOUBLE_EQ(*slab_in_pause(begin, end, milliseconds(200)), 1e6);
    EXPECT_DOUBLE_EQ(*slab_in_pause(begin, end, milliseconds(800)), 4e6);
    EXPECT_FALSE(slab_in_pause(begin, end, milliseconds(801))) << "too short a pause";
    EXPECT_FALSE(slab_in_pause(begin, begin, milliseconds(0)));
    EXPECT_FALSE(slab_in_pause(begin, {start + milliseconds(400), {}}, milliseconds(200)));
}

TEST(KernelStack, IsMeminfoOverThreadsAsAPowerOfTwo) {
    EXPECT_EQ(kernel_stack_bytes("KernelStack:        1820 kB\n", "0 0 0 1/113 5"), 16384);
    EXPECT_EQ(kernel_stack_bytes("KernelStack:        3600 kB\n", "0 0 0 1/113 5"), 32768);
    EXPECT_EQ(kernel_stack_bytes("KernelStack:        900 kB\n", "0 0 0 1/113 5"),
              sizeof(void*) == 8 ? 16384 : 8192)
        << "smaller than any 64-bit kernel's: counted while threads end";
    EXPECT_EQ(kernel_stack_bytes("KernelStack:    99999999 kB\n", "0 0 0 1/113 5"), 65536);
    EXPECT_EQ(kernel_stack_bytes("", "0 0 0 1/113 5"), 16384);
    EXPECT_EQ(kernel_stack_bytes("KernelStack: 5 kB\n", ""), 16384);
}

TEST(AnonymousMemory, IsTheFamilysAloneOrPrivateAndChanged) {
    EXPECT_EQ(anonymous_bytes("Rss: 900 kB\nPss: 500 kB\nPss_Anon:    120 kB\nPss_File: 380 kB\n"
                              "Private_Dirty: 80 kB\n"),
              120.0 * 1024);
    EXPECT_EQ(anonymous_bytes("Pss: 500 kB\nPrivate_Clean: 9 kB\nPrivate_Dirty: 80 kB\n"),
              80.0 * 1024);
    EXPECT_FALSE(anonymous_bytes(""));
}

TEST(AvailableMemory, IsTheLessOfTheMachinesAndTheGroups) {
    const std::string_view machine = "MemTotal: 9000 kB\nMemAvailable: 1000 kB\n";
    EXPECT_EQ(available_memory(machine, {}), 1'024'000.0);
    EXPECT_EQ(available_memory(machine, {{"limit", 900'000.0}, {"current", 100'000.0}}), 800'000.0);
    EXPECT_EQ(available_memory(machine, {{"limit", 9e9}, {"current", 100'000.0}}), 1'024'000.0);
    EXPECT_EQ(available_memory(machine, {{"limit", {}}, {"current", 100'000.0}}), 1'024'000.0);
    EXPECT_EQ(available_memory("", {{"limit", 100.0}, {"current", 200.0}}), 0.0);
    EXPECT_FALSE(available_memory("", {}));
}

}  // namespace
}  // namespace echotrio::loadgen
