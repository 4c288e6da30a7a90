// Records of CSV as programs and people write them.
#include "common/base/csv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace echotrio {
namespace {

using Cells = std::vector<std::string>;

TEST(Csv, CellsStandBetweenCommasOrInQuotes) {
    CsvCells cells;
    std::string_view text = " a ,\"b, \"\"c\"\"\nd\" ,,\t\r\nnext";
    ASSERT_EQ(cells.take(text), CsvFault::none);
    EXPECT_EQ(cells.copy(), (Cells{"a", "b, \"c\"\nd", "", ""}));
    EXPECT_EQ(text, "\r\nnext") << "the line end stays";
    text = "one";
    ASSERT_EQ(cells.take(text), CsvFault::none);
    EXPECT_EQ(cells.copy(), Cells{"one"}) << "nothing of the record before";
    EXPECT_TRUE(text.empty());
    ASSERT_EQ(cells.take(text), CsvFault::none);
    EXPECT_EQ(cells.copy(), Cells{""});
}

TEST(Csv, FaultsAreTold) {
    CsvCells cells;
    const auto fault = [&](std::string_view text) { return cells.take(text); };
    EXPECT_EQ(fault("\"a,b"), CsvFault::open_quote);
    EXPECT_EQ(fault("\"a\"b,c"), CsvFault::behind_quote);
    EXPECT_EQ(fault("a\"b,c"), CsvFault::none) << "a quote within a cell is a character";
    EXPECT_EQ(fault(std::string(kMostCsvCells - 1, ',')), CsvFault::none);
    EXPECT_EQ(cells.size(), kMostCsvCells);
    EXPECT_EQ(fault(std::string(kMostCsvCells, ',')), CsvFault::too_many);
}

TEST(Csv, AColumnIsFoundInAnyCase) {
    CsvCells cells;
    std::string_view text = "\" Time \",PATH,path";
    ASSERT_EQ(cells.take(text), CsvFault::none);
    EXPECT_EQ(cells.find("time"), 0U);
    EXPECT_EQ(cells.find("path"), 1U) << "the first";
    EXPECT_FALSE(cells.find("bytes"));
}

}  // namespace
}  // namespace echotrio
