// Memory per connection as root, who reads slabinfo, and as nobody, who has Slab: two ways to the
// same figure.
#include "loadgen/findings/digest.hpp"
#include "loadgen/results/results_file.hpp"
#include "tests/e2e/loadgen_runs.hpp"
#include "tests/support/machine_fit.hpp"
#include "tests/support/sanitized.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace echotrio::test {
namespace {

using loadgen::Bounds;
using loadgen::KernelPart;
using loadgen::MemorySlope;

// A folder that everybody may write into.
class OpenFolder {
  public:
    OpenFolder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "echotrio-rights-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
        std::filesystem::permissions(path_, std::filesystem::perms::all);
    }
    ~OpenFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    OpenFolder(const OpenFolder&) = delete;
    OpenFolder& operator=(const OpenFolder&) = delete;
    std::string path(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

struct Told {
    std::string console;
    std::vector<MemorySlope> memory;
};

Told compare(Words command, const std::string& out) {
    for (const char* word :
         {"compare", "--workloads", "idle", "--models", "threads,coroutine", "-c",
          "50,150,250,500,1000,2000", "-r", "3", "--seed", "1", "--no-wrk", "-q", "--out"}) {
        command.emplace_back(word);
    }
    command.push_back(out);
    const Ran ran = run_program(command);
    const auto experiment = loadgen::read_experiment(out);
    EXPECT_TRUE(experiment) << ran.err;
    if (!experiment) return {};
    return {ran.out, loadgen::digest(*experiment).memory};
}

struct Both {
    Told root, nobody;
};

// On which side of the other's interval each variant's lies: 0 where they meet.
std::array<int, 2> missed(const Both& both) {
    std::array<int, 2> sides{};
    for (std::size_t i = 0; i < std::min(both.root.memory.size(), both.nobody.memory.size()); ++i) {
        const Bounds a = both.root.memory.at(i).total.slope_interval;
        const Bounds b = both.nobody.memory.at(i).total.slope_interval;
        sides.at(i) = a.low > b.high ? 1 : b.low > a.high ? -1 : 0;
    }
    return sides;
}

std::string describe(const Both& both, std::size_t i) {
    std::string text;
    for (const Told* told : {&both.root, &both.nobody}) {
        const MemorySlope& slope = told->memory.at(i);
        const Bounds interval = slope.total.slope_interval;
        text +=
            fmt::format("{}{} {} ({} to {})", text.empty() ? "root: " : ", nobody: ", slope.variant,
                        slope.total.slope, interval.low, interval.high);
    }
    return text;
}

const Words kAsNobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                         "--inh-caps=-all"};

TEST(MemoryRights, RootAndNobodyFindTheSameMemoryPerConnection) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be both";
    if (::access("/proc/slabinfo", R_OK) != 0) GTEST_SKIP() << "not even root has slabinfo here";
    Words as_nobody = kAsNobody;
    as_nobody.push_back(program("loadgen"));
    Words version = as_nobody;
    version.emplace_back("--version");
    if (run_program(version).status != 0) {
        GTEST_SKIP() << "the program can't be run as another user here";
    }
    if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
    const MachineFit machine;
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    const OpenFolder folder;
    const auto measure = [&](int attempt) {
        return Both{compare({program("loadgen")}, folder.path(fmt::format("root{}", attempt))),
                    compare(as_nobody, folder.path(fmt::format("nobody{}", attempt)))};
    };
    const Both first = measure(1);
    if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
    ASSERT_EQ(first.root.memory.size(), 2U);
    ASSERT_EQ(first.nobody.memory.size(), 2U);
    // The machine's Slab is everybody's: a neighbour that opens many files moves it.
    for (const MemorySlope& slope : first.nobody.memory) {
        if (slope.why_unknown.find("slab moved") != std::string::npos) {
            GTEST_SKIP() << slope.variant << ": " << slope.why_unknown;
        }
    }
    for (std::size_t i = 0; i < 2; ++i) {
        const MemorySlope &read = first.root.memory[i], &slab = first.nobody.memory[i];
        EXPECT_EQ(read.kernel, KernelPart::read) << read.variant;
        EXPECT_EQ(slab.kernel, KernelPart::from_slab) << slab.variant << slab.why_unknown;
    }
    // Two intervals of 95 % miss each other now and then, so it takes two misses to the same side.
    if (missed(first) != std::array{0, 0}) {
        const Both again = measure(2);
        if (const auto busy = machine.busy()) GTEST_SKIP() << *busy;
        for (std::size_t i = 0; i < 2; ++i) {
            const int side = missed(first).at(i);
            EXPECT_TRUE(side == 0 || missed(again).at(i) != side)
                << describe(first, i) << "; again: " << describe(again, i);
        }
    }
    const auto& [root, nobody] = first;
    EXPECT_NE(root.console.find("kernel included"), std::string::npos) << root.console;
    EXPECT_EQ(nobody.console.find("kernel included"), std::string::npos) << nobody.console;
    EXPECT_NE(nobody.console.find("from Slab, whole machine"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::test
