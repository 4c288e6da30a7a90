// Folders that are read in parts.
#include "loadgen/probe/proc_fs.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

namespace echotrio::loadgen {
namespace {

TEST(NumbersIn, FindsEveryNumberHoweverManyThereAre) {
    std::string folder =
        (std::filesystem::temp_directory_path() / "echotrio-numbers-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    std::vector<pid_t> all(500);
    std::iota(all.begin(), all.end(), 99'800);  // names of two lengths
    for (const pid_t n : all) std::filesystem::create_directory(folder + "/" + std::to_string(n));
    for (const char* other : {"self", "12a", "-", "99999999999"}) {
        std::filesystem::create_directory(folder + "/" + other);
    }
    EXPECT_EQ(numbers_in(folder), all);
    std::filesystem::remove_all(folder);
    EXPECT_TRUE(numbers_in(folder).empty());
}

}  // namespace
}  // namespace echotrio::loadgen
