// Control groups of both versions, from made trees like those that containers see.
#include "loadgen/probe/cgroup.hpp"

#include "loadgen/results/difference.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace echotrio::loadgen {
namespace {

namespace fs = std::filesystem;

class CgroupTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "cgroup-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        proc_ = pattern;
    }
    void TearDown() override { fs::remove_all(proc_); }

    void write(const std::string& file, const std::string& text) {
        const fs::path path = proc_ / "7" / file;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::optional<CgroupUse> read() { return read_cgroup(7, proc_.string()); }

    fs::path proc_;
};

TEST_F(CgroupTest, Version2AsAContainerSeesIt) {
    write("cgroup", "0::/../../docker-4f.scope\n");
    const std::string group = "root/sys/fs/cgroup/";
    write(group + "cpu.stat",
          "usage_usec 2500000\nuser_usec 1\nnr_periods 40\nnr_throttled 3\nthrottled_usec 70000\n");
    write(group + "cpu.max", "150000 100000\n");
    write(group + "memory.current", "4096000\n");
    write(group + "memory.peak", "8192000\n");
    write(group + "memory.max", "max\n");
    write(group + "memory.stat",
          "anon 1000\nanon_thp 5\nfile 2000\nfile_mapped 6\nsock 300\nkernel_stack 16384\n");
    const auto use = read();
    ASSERT_TRUE(use);
    EXPECT_EQ(use->version, 2U);
    EXPECT_DOUBLE_EQ(use->cpu_s.value(), 2.5);
    EXPECT_DOUBLE_EQ(use->cpu_limit.value(), 1.5);
    EXPECT_EQ(use->periods, 40U);
    EXPECT_EQ(use->throttled_periods, 3U);
    EXPECT_DOUBLE_EQ(use->throttled_s.value(), 0.07);
    EXPECT_EQ(use->memory.at("current"), 4096000);
    EXPECT_EQ(use->memory.at("peak"), 8192000);
    EXPECT_FALSE(use->memory.at("limit"));
    EXPECT_EQ(use->memory.at("anon"), 1000);
    EXPECT_EQ(use->memory.at("file"), 2000);
    EXPECT_EQ(use->memory.at("sock"), 300);
    EXPECT_EQ(use->memory.at("kernel_stack"), 16384);
    EXPECT_FALSE(use->memory.at("slab"));
}

TEST_F(CgroupTest, Version1OwnGroupMounted) {
    write("cgroup", "4:memory:/docker/4f\n2:cpu,cpuacct:/docker/4f\n0::/docker/4f\n");
    const std::string group = "root/sys/fs/cgroup/";
    write(group + "memory/memory.usage_in_bytes", "5000\n");
    write(group + "memory/memory.max_usage_in_bytes", "6000\n");
    write(group + "memory/memory.limit_in_bytes", "9223372036854771712\n");
    write(group + "memory/memory.stat", "rss 1\ntotal_rss 700\ntotal_cache 800\n");
    write(group + "cpuacct/cpuacct.usage", "3000000000\n");
    write(group + "cpu/cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 500000000\n");
    write(group + "cpu/cpu.cfs_quota_us", "-1\n");
    write(group + "cpu/cpu.cfs_period_us", "100000\n");
    const auto use = read();
    ASSERT_TRUE(use);
    EXPECT_EQ(use->version, 1U);
    EXPECT_DOUBLE_EQ(use->cpu_s.value(), 3);
    EXPECT_FALSE(use->cpu_limit);
    EXPECT_FALSE(use->memory.at("limit"));
    EXPECT_EQ(use->throttled_periods, 2U);
    EXPECT_DOUBLE_EQ(use->throttled_s.value(), 0.5);
    EXPECT_EQ(use->memory.at("anon"), 700);
    EXPECT_EQ(use->memory.at("file"), 800);
}

TEST_F(CgroupTest, WholeHierarchyMountedThePathLeads) {
    write("cgroup", "4:memory:/box\n");
    write("root/sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
    write("root/sys/fs/cgroup/memory/box/memory.usage_in_bytes", "2\n");
    ASSERT_TRUE(read());
    EXPECT_EQ(read()->memory.at("current"), 2);
}

TEST_F(CgroupTest, NothingThereIsEmpty) {
    EXPECT_FALSE(read());
    write("cgroup", "nonsense\n:::\n0::\n");
    write("root/sys/fs/cgroup/other", "");
    EXPECT_FALSE(read());
}

TEST(CgroupPath, FindsTheControllerAndNothingOutside) {
    const char* const text = "12:cpu,cpuacct:/a\n4:memory:/b\n0::/c\n";
    EXPECT_EQ(cgroup_path(text, "cpuacct"), "/a");
    EXPECT_EQ(cgroup_path(text, "cpu"), "/a");
    EXPECT_EQ(cgroup_path(text, "memory"), "/b");
    EXPECT_EQ(cgroup_path(text, ""), "/c");
    EXPECT_EQ(cgroup_path(text, "pids"), "");
    EXPECT_EQ(cgroup_path("0::/../x\n", ""), "");
}

TEST(CgroupDifference, CountersAreSubtractedMemoryIsNot) {
    CgroupUse begin, end;
    begin.cpu_s = 1;
    end.cpu_s = 1.5;
    begin.throttled_periods = 4;
    end.throttled_periods = 4;
    begin.periods = 10;  // unreadable at the end
    begin.throttled_s = 3;
    end.throttled_s = 2;  // another group: not a difference
    end.memory["current"] = 7;
    CgroupUse use = end;
    subtract_counters(use, begin);
    EXPECT_DOUBLE_EQ(use.cpu_s.value(), 0.5);
    EXPECT_EQ(use.throttled_periods, 0U);
    EXPECT_FALSE(use.periods);
    EXPECT_FALSE(use.throttled_s);
    EXPECT_EQ(use.memory.at("current"), 7);
}

TEST_F(CgroupTest, TheLeastLimitOfTheGroupsAboveCounts) {
    const std::string top = "root/sys/fs/cgroup/";
    write("cgroup", "0::/slice/service\n");
    write(top + "slice/service/cpu.stat", "usage_usec 1\n");
    write(top + "slice/service/cpu.max", "300000 100000\n");
    write(top + "slice/cpu.max", "150000 100000\n");
    ASSERT_TRUE(read());
    EXPECT_DOUBLE_EQ(read()->cpu_limit.value(), 1.5);
    write(top + "slice/cpu.max", "max 100000\n");
    EXPECT_DOUBLE_EQ(read()->cpu_limit.value(), 3);
    write(top + "cpu.max", "50000 100000\n");  // a container sees its own group there
    EXPECT_DOUBLE_EQ(read()->cpu_limit.value(), 0.5);
}

TEST_F(CgroupTest, TheLeastMemoryOfTheGroupsAboveCounts) {
    const std::string top = "root/sys/fs/cgroup/";
    write("cgroup", "0::/slice/service\n");
    write(top + "slice/service/cpu.stat", "usage_usec 1\n");
    write(top + "slice/service/memory.max", "max\n");
    write(top + "slice/memory.max", "4096000\n");
    ASSERT_TRUE(read());
    EXPECT_EQ(read()->memory.at("limit"), 4096000);
    write(top + "slice/service/memory.max", "2048000\n");
    EXPECT_EQ(read()->memory.at("limit"), 2048000);
    write(top + "memory.max", "1024000\n");
    EXPECT_EQ(read()->memory.at("limit"), 1024000);
}

TEST_F(CgroupTest, TheLeastMemoryCountsInVersion1Too) {
    const std::string group = "root/sys/fs/cgroup/memory/a/b/";
    write("cgroup", "4:memory:/a/b\n");
    write(group + "memory.usage_in_bytes", "5000\n");
    write(group + "memory.limit_in_bytes", "9223372036854771712\n");
    ASSERT_TRUE(read());
    EXPECT_FALSE(read()->memory.at("limit"));
    write("root/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4096000\n");
    EXPECT_EQ(read()->memory.at("limit"), 4096000);
    write(group + "memory.stat", "hierarchical_memory_limit 2048000\ntotal_rss 1\n");
    EXPECT_EQ(read()->memory.at("limit"), 2048000);
    write(group + "memory.stat", "hierarchical_memory_limit 9223372036854771712\n");
    EXPECT_EQ(read()->memory.at("limit"), 4096000);
}

TEST_F(CgroupTest, TheLeastLimitCountsInVersion1Too) {
    const std::string top = "root/sys/fs/cgroup/";
    write("cgroup", "4:memory:/a/b\n2:cpu,cpuacct:/a/b\n");
    write(top + "memory/a/b/memory.usage_in_bytes", "5000\n");
    write(top + "cpu/a/b/cpu.cfs_quota_us", "-1\n");
    write(top + "cpu/a/b/cpu.cfs_period_us", "100000\n");
    ASSERT_TRUE(read());
    EXPECT_FALSE(read()->cpu_limit);
    write(top + "cpu/a/cpu.cfs_quota_us", "200000\n");
    write(top + "cpu/a/cpu.cfs_period_us", "100000\n");
    EXPECT_DOUBLE_EQ(read()->cpu_limit.value(), 2);
}

}  // namespace
}  // namespace echotrio::loadgen
