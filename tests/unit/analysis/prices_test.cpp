// Price lists as people write them, and growth in words.
#include "loadgen/analysis/prices.hpp"

#include "common/base/rng.hpp"
#include "loadgen/analysis/percent_per.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace echotrio::loadgen {
namespace {

std::string mistake(const std::string& csv) {
    const auto prices = parse_prices(csv);
    return prices ? "no error" : prices.error().message;
}

TEST(Prices, AreReadInAnyOrderOfColumns) {
    const auto prices = parse_prices(
        "# mine\r\nPRICE_per_hour,Name,currency,GiB,vcpu\r\n0.05,\"m, large\",EUR,8,2\r\n"
        "0.01,half,EUR,0.5,0.5\r\n");
    ASSERT_TRUE(prices) << prices.error().message;
    EXPECT_EQ(prices->currency, "EUR");
    ASSERT_EQ(prices->kinds.size(), 2U);
    EXPECT_EQ(prices->kinds[0].name, "m, large");
    EXPECT_EQ(prices->kinds[0].vcpu, 2);
    EXPECT_EQ(prices->kinds[0].gib, 8);
    EXPECT_EQ(prices->kinds[0].price_per_hour, 0.05);
    EXPECT_EQ(prices->kinds[1].vcpu, 0.5);
    EXPECT_EQ(parse_prices("name,vcpu,gib,price_per_hour\na,1,1,1")->currency, "");
}

TEST(Prices, MistakesAreNamedWithTheirLine) {
    struct Case {
        const char* rows;
        const char* says;
    };
    const std::string head = "name,vcpu,gib,price_per_hour,currency\nsmall,1,2,0.02,EUR\n";
    for (const Case& c :
         {Case{"a,1,2,0,EUR\n", "line 3: price_per_hour must be a number above 0"},
          Case{"a,1,2,-0.1,EUR\n", "line 3: price_per_hour"},
          Case{"a,0,2,0.1,EUR\n", "line 3: vcpu must be"},
          Case{"a,1,nan,0.1,EUR\n", "line 3: gib must be"},
          Case{"a,1,2,inf,EUR\n", "line 3: price_per_hour"},
          Case{"a,1,2,1e7,EUR\n", "line 3: price_per_hour"},
          Case{"a,1,2,$0.1,EUR\n", "got '$0.1'"},
          Case{"a,,2,0.1,EUR\n", "line 3: vcpu"},
          Case{"a,1,2,0.1,USD\n", "line 3: currency 'USD', where the rows before have 'EUR'"},
          Case{"a,1,2,0.1,\n", "line 3: currency ''"},
          Case{"small,1,2,0.1,EUR\n", "line 3: 'small' stands there twice"},
          Case{",1,2,0.1,EUR\n", "line 3: a kind of instance needs a name"},
          Case{"a\x1b[2J,1,2,0.1,EUR\n", "line 3: a name has no control characters"},
          Case{"\"a\nb\",1,2,0.1,EUR\n", "line 3: a name has no control characters"},
          Case{"\" \",1,2,0.1,EUR\n", "line 3: a kind of instance needs a name"},
          Case{"a,\"\x1b[2J\n\",2,0.1,EUR\n", "got '?[2J?'"},
          Case{"a,1,2,0.1,\x1b[2J\n",
               "line 3: a currency is a code like EUR, at most 8 bytes, got '?[2J'"},
          Case{"a,1,2,0.1\n", "line 3: 4 cells, where the header has 5"},
          Case{"\"a,1,2,0.1,EUR\n", "line 3: a quoted cell does not end"},
          Case{"\"a\"b,1,2,0.1,EUR\n", "line 3: something stands between"}}) {
        EXPECT_NE(mistake(head + c.rows).find(c.says), std::string::npos)
            << c.rows << ": " << mistake(head + c.rows);
    }
    EXPECT_NE(mistake("").find("it is empty"), std::string::npos);
    EXPECT_NE(mistake("name,vcpu,gib,price_per_hour\n").find("no rows"), std::string::npos);
    EXPECT_NE(mistake("name,vcpu,gib\na,1,1\n").find("line 1: no column price_per_hour"),
              std::string::npos);
    EXPECT_NE(mistake("name,vcpu,gib,price_per_hour,region\n").find("unknown column 'region'"),
              std::string::npos);
    EXPECT_NE(mistake("name,\"\x1b[31mvcpu\n\"\n").find("unknown column '?[31mvcpu?'"),
              std::string::npos)
        << "what a terminal would obey is not printed";
    EXPECT_NE(mistake("name,vcpu,vCPU,gib,price_per_hour\n").find("vcpu stands there twice"),
              std::string::npos);
}

TEST(Prices, HaveAtMostTenThousandKinds) {
    std::string csv = "name,vcpu,gib,price_per_hour\n";
    for (std::size_t i = 0; i < kMostKinds; ++i) csv += "k" + std::to_string(i) + ",1,1,1\n";
    EXPECT_EQ(parse_prices(csv)->kinds.size(), kMostKinds);
    EXPECT_NE(mistake(csv + "one,1,1,1\n").find("line 10002: more than 10000"), std::string::npos);
}

TEST(Prices, FromElsewhereObeyTheSameRules) {
    const PriceList fine{"EUR", {{"a", 1, 2, 0.5}, {"b", 1, 2, 0.5}}};
    EXPECT_EQ(wrong_with(fine), "");
    const auto wrong = [&](const InstanceKind& second) {
        PriceList list = fine;
        list.kinds[1] = second;
        return wrong_with(list);
    };
    EXPECT_EQ(wrong({"a", 1, 2, 0.5}), "a kind of instance stands there twice");
    EXPECT_EQ(wrong({"b\n", 1, 2, 0.5}), "a name has no control characters");
    for (const double figure : {0.0, -1.0, 1e7, std::nan("")}) {
        EXPECT_EQ(wrong({"b", 1, figure, 0.5}),
                  "a figure of a price list is above 0 and at most a million");
    }
    EXPECT_NE(wrong_with({"EUR", {}}), "");
    EXPECT_NE(wrong_with({"of Ruritania", fine.kinds}), "");
}

TEST(Prices, GarbageDoesNotHarm) {
    Rng rng(5);
    const std::string alphabet = "ab,0123456789.e-+ \r\n#\"\xff";
    for (int round = 0; round < 10'000; ++round) {
        std::string text = "name,vcpu,gib,price_per_hour\n";
        const auto length = text.size() + rng.below(60);
        while (text.size() < length) text += alphabet[rng.below(alphabet.size())];
        const auto prices = parse_prices(text);
        if (!prices) continue;
        for (const InstanceKind& kind : prices->kinds) {
            EXPECT_TRUE(kind.vcpu > 0 && kind.gib > 0 && kind.price_per_hour > 0);
        }
    }
}

TEST(PercentPer, IsAShareAndATime) {
    EXPECT_DOUBLE_EQ(parse_growth("20%/month")->share, 0.2);
    EXPECT_DOUBLE_EQ(parse_growth("20%/month")->seconds, 730 * 3600);
    EXPECT_DOUBLE_EQ(parse_growth("2.5%/week")->seconds, 7 * 86'400);
    EXPECT_DOUBLE_EQ(parse_ramp("10%/min")->seconds, 60);
    EXPECT_EQ(format_percent_per(*parse_growth("150%/year")), "150 % per year");
    for (const char* wrong : {"20/month", "20%", "%/month", "20%/min", "x%/month", "20 %/month", "",
                              "-5%/month", "0%/month", "1001%/month", "nan%/month", "inf%/month"}) {
        EXPECT_FALSE(parse_growth(wrong)) << wrong;
    }
    EXPECT_NE(parse_growth("20%").error().message.find("like 20%/month (one of /day /week"),
              std::string::npos);
    EXPECT_NE(parse_growth("0%/day").error().message.find("above 0 %"), std::string::npos);
    EXPECT_FALSE(parse_ramp("10%/month"));
}

}  // namespace
}  // namespace echotrio::loadgen
