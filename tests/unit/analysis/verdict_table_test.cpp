// The checks in words, as reports and the documentation show them.
#include "loadgen/analysis/verdict.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace echotrio::loadgen {
namespace {

TEST(VerdictTable, NamesEachCheckOnce) {
    std::set<std::string> names;
    for (const CheckRow& row : verdict_table()) {
        EXPECT_TRUE(names.insert(row.check).second) << row.check;
        EXPECT_FALSE(row.invalid.empty() && row.flag.empty());
    }
    EXPECT_EQ(names.size(), 14U);
}

// So that each figure stands once, in `limits`.
TEST(VerdictTable, IsThatOfTheDocumentation) {
    std::ifstream page(ECHOTRIO_MEASUREMENT);
    const std::string text(std::istreambuf_iterator<char>(page), {});
    ASSERT_FALSE(text.empty());
    std::size_t at = 0;
    for (const CheckRow& row : verdict_table()) {
        const std::string line =
            "\n| " + row.check + " | " + row.invalid + " | " + row.flag + " | ";
        const std::size_t found = text.find(line, at);
        ASSERT_NE(found, std::string::npos) << "docs/measurement.md lacks the line" << line;
        at = found;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
