// Lines out of pieces of any size.
#include "loadgen/traffic/source.hpp"

#include "tests/unit/traffic/reading.hpp"

namespace echotrio::loadgen {
namespace {

Lines all_lines(const std::string& text, std::size_t piece) {
    Source source(from_text(text, piece));
    Lines lines;
    while (const auto line = source.line()) {
        EXPECT_EQ(line->number, lines.size() + 1);
        lines.push_back(line->too_long ? "too long" : std::string(line->text));
    }
    return lines;
}

TEST(Source, LinesOfAnySizeOfPieces) {
    const std::string limit(Source::kLongestLine, 'l');
    const std::string text = "\xef\xbb\xbfone\r\n\n" + limit + "\n" + limit + "l\nthree\n" + limit +
                             limit + limit + "\nlast";
    const Lines expected{"one", "", limit, "too long", "three", "too long", "last"};
    for (const std::size_t piece : {7U, 4096U, 1U << 20U}) {
        EXPECT_EQ(all_lines(text, piece), expected) << piece;
    }
    EXPECT_EQ(all_lines("", 1), Lines{});
    EXPECT_EQ(all_lines("\n", 1), Lines{""});
    EXPECT_EQ(all_lines(limit + limit + limit, 1 << 20), Lines{"too long"}) << "without an end";
    EXPECT_EQ(all_lines(limit, 1 << 20), Lines{limit});
}

TEST(Source, LookingAheadTakesNothing) {
    Source source(from_text("abc\ndef", 2));
    EXPECT_EQ(source.ahead(), "abc\ndef");
    EXPECT_EQ(source.front(), 'a');
    EXPECT_EQ(source.line()->text, "abc");
    EXPECT_EQ(source.line()->text, "def");
    EXPECT_TRUE(source.at_end());
}

}  // namespace
}  // namespace echotrio::loadgen
