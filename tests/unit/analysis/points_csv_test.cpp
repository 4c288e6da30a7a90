// Points from CSV files as people write them.
#include "loadgen/analysis/points_csv.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <string>

namespace echotrio::loadgen {
namespace {

TEST(PointsCsv, AreReadInAnyOrderOfColumns) {
    const auto points = parse_points(
        "# measured by hand\r\nmodel, \"X\" ,N,repetition\r\n\r\na,64.9,1,1\r\na,995.9,18.5,2\n");
    ASSERT_TRUE(points.ok());
    ASSERT_EQ(points->size(), 2U);
    EXPECT_EQ((*points)[0].n, 1);
    EXPECT_EQ((*points)[0].x, 64.9);
    EXPECT_EQ((*points)[1].n, 18.5);
    EXPECT_EQ((*points)[1].repetition, 2U);
    EXPECT_EQ(parse_points("n,x\n1,2")->front().repetition, 1U);
    EXPECT_EQ(parse_points("n,x\n1e2,2.5e-3")->front().n, 100);
}

TEST(PointsCsv, CellsMayBeQuoted) {
    const auto points = parse_points(
        "\xef\xbb\xbf\"n\", \"the \"\"note\"\"\" ,x\r\n\"2\",\"a,\r\nb\",\"187.8\"\r\n3 , ,4");
    ASSERT_TRUE(points.ok()) << points.error().message;
    ASSERT_EQ(points->size(), 2U);
    EXPECT_EQ((*points)[0].x, 187.8);
    EXPECT_EQ((*points)[1].n, 3);
}

TEST(PointsCsv, AHeaderOfMillionsOfColumnsIsReadInOnePass) {
    EXPECT_FALSE(parse_points(std::string(4'000'000, ',') + "\n1,2\n"));
}

TEST(PointsCsv, MistakesAreNamedWithTheirLine) {
    const auto error = [](const char* text) {
        const auto points = parse_points(text);
        return points.ok() ? std::string("no error") : points.error().message;
    };
    EXPECT_NE(error("").find("no rows"), std::string::npos);
    EXPECT_NE(error("n,x\n").find("no rows"), std::string::npos);
    EXPECT_NE(error("1,20\n4,78\n").find("line 1: the first line must name"), std::string::npos);
    EXPECT_NE(error("n,y\n1,2\n").find("line 1"), std::string::npos);
    for (const char* text :
         {"n,x\n1,2\n3\n", "n,x\n1,2\n3,\n", "n,x\n1,2\n3,4x\n", "n,x\n1,2\n3,4,5\n",
          "n,x\n1,2\n3,\"1,878\"\n", "n,x\n1,2\n3,\"4", "n,x\n1,2\n3,\"4\"5\n", "n,x\n1,2\nnan,4\n",
          "n,x\n1,2\n3,inf\n", "n,x\n1,2\n3,1e999\n"}) {
        EXPECT_NE(error(text).find("line 3"), std::string::npos) << text;
    }
    EXPECT_NE(error("n,x,repetition\n1,2,-1\n").find("repetition"), std::string::npos);
    std::string large = "n,x\n";
    for (int i = 0; i < 100'001; ++i) large += "1,2\n";
    EXPECT_NE(error(large.c_str()).find("more than 100000 rows"), std::string::npos);
}

TEST(PointsCsv, GarbageDoesNotHarm) {
    Rng rng(8);
    const std::string alphabet = "nx,0123456789.e-+ \r\n#\"\xff";
    for (int round = 0; round < 20'000; ++round) {
        std::string text = round % 2 == 0 ? "n,x\n1,2\n" : "";
        const auto length = rng.below(80);
        while (text.size() < length) text += alphabet[rng.below(alphabet.size())];
        const auto points = parse_points(text);
        if (points.ok()) {
            EXPECT_FALSE(points->empty());
        }
    }
}

}  // namespace
}  // namespace echotrio::loadgen
