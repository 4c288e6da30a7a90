// What --vary and the placeholders of a command say.
#include "loadgen/design/settings.hpp"

#include <gtest/gtest.h>

namespace echotrio::loadgen {
namespace {

using Values = std::vector<std::string>;

Values values_in(const char* text) {
    const auto axis = parse_axis(text);
    return axis ? axis->values : Values{"error: " + axis.error().message};
}

TEST(ParseAxis, RangesListsAndWords) {
    EXPECT_EQ(values_in("workers=1..4"), (Values{"1", "2", "3", "4"}));
    EXPECT_EQ(values_in("workers=8"), (Values{"8"}));
    EXPECT_EQ(values_in("threads=4,1,2,2"), (Values{"1", "2", "4"}));
    EXPECT_EQ(values_in("workers=1..3,8,12"), (Values{"1", "2", "3", "8", "12"}));
    EXPECT_EQ(values_in("class=sync,gthread,sync"), (Values{"sync", "gthread"}));
    EXPECT_EQ(values_in("gil=1ms,5ms"), (Values{"1ms", "5ms"}));
    EXPECT_TRUE(parse_axis("workers=1..4")->ordered);
    EXPECT_FALSE(parse_axis("gil=1ms,5ms")->ordered);
}

TEST(ParseAxis, MistakesAreNamed) {
    const auto expect = [](const char* text, const char* words) {
        const auto axis = parse_axis(text);
        ASSERT_FALSE(axis) << text;
        EXPECT_TRUE(axis.error().message.starts_with("--vary: ")) << axis.error().message;
        EXPECT_NE(axis.error().message.find(words), std::string::npos) << axis.error().message;
    };
    expect("", "there is no =");
    expect("workers", "there is no =");
    expect("=1..4", "a name");
    expect("wor kers=1", "a name");
    expect("workers=", "there is no value");
    expect("workers=16..1", "16..1 runs downwards");
    expect("workers=1..x", "whole numbers");
    expect("workers=..4", "whole numbers");
    expect("workers=-1..4", "whole numbers");
    expect("workers=1..99999", "more than 10000 values");
    expect("workers=1,,2", "a value is empty");
    expect("workers=1,2,", "a value is empty");
    expect("class='a'", "quote");
    expect("class=a b", "quote");
    expect("port=1..3", "{port} is filled in already");
    expect("rate=1..3", "rate is what the JSON calls a figure");
}

TEST(CountSettings, BoundsTheGrid) {
    const auto axis = [](const char* text) { return *parse_axis(text); };
    EXPECT_EQ(*count_settings({axis("a=1..100"), axis("b=1..100")}), 10'000);
    const auto many = count_settings({axis("a=1..101"), axis("b=1..100")});
    ASSERT_FALSE(many);
    EXPECT_NE(many.error().message.find("10100 settings"), std::string::npos);
    const auto twice = count_settings({axis("a=1"), axis("a=2")});
    ASSERT_FALSE(twice);
    EXPECT_NE(twice.error().message.find("a is there twice"), std::string::npos);
}

TEST(Placeholders, ValuesGoInAndTheRestStays) {
    const std::map<std::string, std::string> values{{"w", "8"}, {"t", "2"}};
    EXPECT_EQ(with_values("run -w {w} -t {t}{t} -b {host}:{port} '{{w}} }} {", values),
              "run -w 8 -t 22 -b {host}:{port} '{{w}} }} {");
    EXPECT_EQ(names_in("run {w} {{x}} {host} } {"), (Values{"w", "host"}));
    EXPECT_EQ(names_in(""), Values{});
}

TEST(Placeholders, SettingsInWords) {
    const std::vector<TunedAxis> axes{*parse_axis("workers=1..8"), *parse_axis("class=a,b")};
    EXPECT_EQ(words_of(axes, {7, 1}), "workers 8, class b");
    EXPECT_EQ(values_of(axes, {0, 0}),
              (std::map<std::string, std::string>{{"workers", "1"}, {"class", "a"}}));
}

}  // namespace
}  // namespace echotrio::loadgen
